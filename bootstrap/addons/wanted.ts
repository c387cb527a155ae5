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
export function wantedAddons({ addons: named, provider }: ClusterSpec): readonly Addon[] {
  if (named !== undefined) return addons.filter(({ name }) => named.includes(name));
  return addons.filter((one) => one.standard && fits(one, provider.name));
}

/** A spec that says nothing about add-ons leaves them as they are. */
export function withKnownAddons(spec: ClusterSpec, known: ClusterSpec | undefined): ClusterSpec {
  const named = spec.addons ?? known?.addons;
  return named === undefined ? spec : { ...spec, addons: named };
}

/** An add-on and all that it needs, what is needed first. */
export function withRequired(addon: Addon): readonly Addon[] {
  const needed = new Set<string>();
  const add = (one: Addon) => {
    one.requires.map(addonCalled).forEach(add);
    needed.add(one.name);
  };
  add(addon);
  return addons.filter(({ name }) => needed.has(name));
}

/** Fails with `config` for an add-on that this cluster cannot have, or one that lacks what it needs. */
export function checkAddons({ addons: named = [], provider }: ClusterSpec): void {
  named.forEach((name, index) => {
    const path = `spec.addons[${index}]`;
    const addon = addonCalled(name);
    if (!fits(addon, provider.name)) {
      const whose = (addon.providers ?? []).join(" and ");
      throw wrongField(path, `"${name}" is for clusters of ${whose}`, "take it out");
    }
    const missing = addon.requires.find((one) => !named.includes(one));
    if (missing !== undefined) {
      throw wrongField(path, `"${name}" needs ${missing}`, `add ${missing} to spec.addons`);
    }
    if (named.indexOf(name) !== index) {
      throw wrongField(path, `"${name}" stands there twice`, "take one out");
    }
  });
}
