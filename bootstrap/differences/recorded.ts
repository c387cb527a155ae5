import { fieldDifferences, type Difference } from "./difference.ts";
import { wantedAddons } from "#bootstrap/addons/wanted";
import type { Provider } from "#bootstrap/providers/provider";
import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { wantedMachines } from "#bootstrap/spec/machines";

/**
 * What a cluster that was made as `known` cannot become in place: fields that last as long as the
 * cluster, settings that machines cannot follow, and machines that are no longer wanted.
 */
export function lastingDifferences(
  known: ClusterSpec,
  spec: ClusterSpec,
  provider: Provider,
): readonly Difference[] {
  const object = `cluster/${spec.name}`;
  const fields = fieldDifferences(lasting(known), lasting(spec));
  // With another provider all else is another, too.
  const other = fields.filter(({ field }) => field === "spec.provider.name");
  if (other.length > 0) return [refused(object, other, anew(spec.name))];
  const lasts: Difference[] = fields.length === 0 ? [] : [refused(object, fields, anew(spec.name))];
  const setting = provider.cannotBecome(known.provider, spec.provider);
  if (setting !== undefined) {
    const field = { field: "spec.provider.settings", after: setting };
    lasts.push(refused(object, [field], anew(spec.name)));
  }
  return [
    ...lasts,
    ...otherMachines(known, spec),
    ...unwanted(known, spec),
    ...goneAddons(known, spec),
  ];
}

/** Machines stay of the size and kind that they were made with. */
function otherMachines(known: ClusterSpec, spec: ClusterSpec): readonly Difference[] {
  return known.pools.flatMap((pool) => {
    const wanted = spec.pools.find(({ name }) => name === pool.name);
    if (!wanted || pool.count === 0) return [];
    const kind = ({ size, spot }: PoolSpec) => ({ size, spot: spot?.toString() });
    const fields = fieldDifferences(kind(pool), kind(wanted));
    const cure = `make another pool and delete this one: kubectl clouder nodepool create ${spec.name} NAME`;
    return fields.length === 0 ? [] : [refused(`pool/${pool.name}`, fields, cure)];
  });
}

/** Nothing is taken out of a cluster by a document that lacks it. */
function goneAddons(known: ClusterSpec, spec: ClusterSpec): readonly Difference[] {
  const wanted = wantedAddons(spec);
  return wantedAddons(known)
    .filter((one) => !wanted.includes(one))
    .map(({ name }) => {
      const cure = `add it to spec.addons, or take it out: kubectl clouder addon disable ${spec.name} ${name}`;
      return refused(`addon/${name}`, [{ field: "enabled", before: "true" }], cure);
    });
}

/** Machines of the record that the spec has no place for, pool by pool. */
function unwanted(known: ClusterSpec, spec: ClusterSpec): readonly Difference[] {
  const names = new Set(wantedMachines(spec).map(({ name }) => name));
  return wantedMachines(known)
    .filter(({ name }) => !names.has(name))
    .map(({ name, pool }) =>
      refused(
        `machine/${name}`,
        [{ field: "pool", before: pool }],
        "ask for at least as many machines as there are, or take it out: " +
          `kubectl clouder node remove ${spec.name} ${name}`,
      ),
    );
}

function lasting({ provider, network, controlPlane, ...spec }: ClusterSpec) {
  return {
    "spec.cloudController": String(spec.cloudController ?? false),
    "spec.provider.name": provider.name,
    "spec.kubernetesVersion": spec.kubernetesVersion,
    "spec.packages.kind": spec.packages.kind,
    "spec.network.podCIDR": network.podCIDR,
    "spec.network.serviceCIDR": network.serviceCIDR,
    "spec.network.dnsDomain": network.dnsDomain,
    "spec.controlPlane.endpoint": controlPlane.endpoint,
    "spec.controlPlane.virtualAddress": controlPlane.virtualAddress,
  };
}

function refused(object: string, fields: Difference["fields"], cure: string): Difference {
  return { object, change: "refused", fields, cure };
}

function anew(name: string): string {
  return `choose another name, or delete it first: kubectl clouder cluster delete ${name}`;
}
