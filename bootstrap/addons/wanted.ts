import type { Addon } from "#bootstrap/addons/addon";
import { addons } from "#bootstrap/addons/table";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { wrongField } from "#bootstrap/spec/document";
import { ClouderError } from "#core/error";
import { nearest } from "#core/nearest";

/** An add-on by name; `not-found` names the nearest, and those there are. */
export function addonCalled(name: string): Addon {
  const found = addons.find((one) => one.name === name);
  if (found) return found;
  const names = addons.map((one) => one.name);
  const [near] = nearest(name, names);
  const all = `the add-ons are: ${names.join(", ")}`;
  throw new ClouderError("not-found", `there is no add-on "${name}"`, {
    hint: near === undefined ? all : `did you mean ${near}? ${all}`,
  });
}

/** Whether clusters of a provider can have an add-on. */
export function fits({ providers }: Addon, provider: string): boolean {
  return providers?.includes(provider) ?? true;
}

/** The add-ons that a cluster is to have, in the order in which they are applied. */
export function wantedAddons({ addons: named = [] }: ClusterSpec): readonly Addon[] {
  return addons.filter(({ name }) => named.includes(name));
}

/** A spec that says nothing about add-ons leaves them as they are. */
export function withKnownAddons(spec: ClusterSpec, known: ClusterSpec | undefined): ClusterSpec {
  const named = spec.addons ?? known?.addons;
  return named === undefined ? spec : { ...spec, addons: named };
}

/** Fails with `config` for an add-on that this cluster cannot have, or that stands there twice. */
export function checkAddons({ addons: named = [], provider }: ClusterSpec): void {
  named.forEach((name, index) => {
    const path = `spec.addons[${index}]`;
    const addon = addonCalled(name);
    if (!fits(addon, provider.name)) {
      const whose = (addon.providers ?? []).join(" and ");
      throw wrongField(path, `"${name}" is for clusters of ${whose}`, "take it out");
    }
    if (named.indexOf(name) !== index) {
      throw wrongField(path, `"${name}" stands there twice`, "take one out");
    }
  });
}
