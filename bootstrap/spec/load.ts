import { clusterFields, type ClusterDocument } from "./cluster-fields.ts";
import { wholeDocument } from "./document.ts";
import { withFlags, type ClusterFlags } from "./flags.ts";
import { toldBySource, type Source } from "./source.ts";
import { validateSpec } from "./validate.ts";
import type { ClusterSpec, PackageSource, PoolSpec } from "#bootstrap/spec/cluster-spec";

export interface SpecInput {
  /** The document, if there is one. */
  readonly source?: Source | undefined;
  readonly flags: ClusterFlags;
  /** What is taken where neither says it. */
  readonly defaults: { readonly kubernetesVersion?: string; readonly bundle?: string };
}

/** Document and flags to a validated, complete spec; `config` or `usage` names what is wrong. */
export function loadSpec({ source, flags, defaults }: SpecInput): ClusterSpec {
  try {
    return validateSpec(withDefaults(readDocument(source, flags), defaults));
  } catch (error) {
    throw toldBySource(error, flags, source);
  }
}

/** Where packages come from; needed before the rest, whose defaults depend on it. */
export function loadPackages({ source, flags, defaults }: SpecInput): PackageSource {
  try {
    return packages(readDocument(source, flags), defaults);
  } catch (error) {
    throw toldBySource(error, flags, source);
  }
}

function readDocument(source: Source | undefined, flags: ClusterFlags): ClusterDocument {
  const value = withFlags(source?.value, flags);
  const read = clusterFields.read({ path: wholeDocument, value });
  return read ?? (clusterFields.read({ path: wholeDocument, value: {} }) as ClusterDocument);
}

function withDefaults(
  { metadata, spec, ...rest }: ClusterDocument,
  defaults: SpecInput["defaults"],
): ClusterSpec {
  const { network, controlPlane } = spec ?? {};
  const settings = spec?.provider?.settings ?? {};
  const count = controlPlane?.count ?? 1;
  return {
    name: metadata?.name ?? "",
    provider: { name: spec?.provider?.name ?? "local", settings },
    kubernetesVersion: spec?.kubernetesVersion ?? defaults.kubernetesVersion ?? "",
    network: {
      podCIDR: network?.podCIDR ?? "10.244.0.0/16",
      serviceCIDR: network?.serviceCIDR ?? "10.96.0.0/12",
      dnsDomain: network?.dnsDomain ?? "cluster.local",
      cni: network?.cni ?? "flannel",
    },
    controlPlane: {
      count,
      schedulable: controlPlane?.schedulable ?? false,
      ...(controlPlane?.endpoint !== undefined && { endpoint: controlPlane.endpoint }),
      ...(controlPlane?.virtualAddress !== undefined && {
        virtualAddress: controlPlane.virtualAddress,
      }),
    },
    pools: spec?.pools?.map(pool) ?? [pool({ name: "workers", count: listed(settings, count) })],
    packages: packages({ metadata, spec, ...rest }, defaults),
  };
}

type WrittenPool = NonNullable<NonNullable<ClusterDocument["spec"]>["pools"]>[number];

function pool(written: Pick<WrittenPool, "name"> & Partial<WrittenPool>): PoolSpec {
  return {
    name: written.name,
    count: written.count ?? 1,
    ...(written.min !== undefined && { min: written.min }),
    ...(written.max !== undefined && { max: written.max }),
    labels: written.labels ?? {},
    taints: (written.taints ?? []).map(({ key, value, effect }) => ({
      ...{ key, effect },
      ...(value !== undefined && { value }),
    })),
    checkpoint: written.checkpoint ?? true,
  };
}

/** Hosts that are listed all join: those that are no control plane are workers. */
function listed(settings: Readonly<Record<string, unknown>>, planes: number): number {
  const hosts = settings["hosts"];
  return Array.isArray(hosts) ? Math.max(0, hosts.length - planes) : 1;
}

function packages({ spec }: ClusterDocument, defaults: SpecInput["defaults"]): PackageSource {
  return { kind: "bundle", folder: spec?.packages?.bundle ?? defaults.bundle ?? "" };
}
