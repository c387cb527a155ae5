import type { AddonInput, Values } from "#bootstrap/addons/addon";
import type { AddonName } from "#bootstrap/addons/table";
import { awsEbsValues } from "#bootstrap/addons/values/aws-ebs";
import { awsLoadBalancerControllerValues } from "#bootstrap/addons/values/aws-load-balancer-controller";
import { azureDiskValues } from "#bootstrap/addons/values/azure-disk";
import { azureFileValues } from "#bootstrap/addons/values/azure-file";
import { metricsServerValues } from "#bootstrap/addons/values/metrics-server";
import { traefikValues } from "#bootstrap/addons/values/traefik";

const makers: Readonly<Record<AddonName, (input: AddonInput) => Values>> = {
  "metrics-server": metricsServerValues,
  traefik: traefikValues,
  "azuredisk-csi-driver": azureDiskValues,
  "azurefile-csi-driver": azureFileValues,
  "aws-ebs-csi-driver": awsEbsValues,
  "aws-load-balancer-controller": awsLoadBalancerControllerValues,
};

/** The chart's values of an add-on of the table, from the cluster's spec. */
export function addonValues(name: string, input: AddonInput): Values {
  return makers[name as AddonName](input);
}
