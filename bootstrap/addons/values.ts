import type { AddonInput, Values } from "#bootstrap/addons/addon";
import type { AddonName } from "#bootstrap/addons/table";
import { metricsServerValues } from "#bootstrap/addons/values/metrics-server";
import { traefikValues } from "#bootstrap/addons/values/traefik";

const makers: Readonly<Record<AddonName, (input: AddonInput) => Values>> = {
  "metrics-server": metricsServerValues,
  traefik: traefikValues,
};

/** The chart's values of an add-on of the table, from the cluster's spec. */
export function addonValues(name: string, input: AddonInput): Values {
  return makers[name as AddonName](input);
}
