import { clusterFields, type ClusterDocument } from "./cluster-fields.ts";
import { wholeDocument, wrongField } from "./document.ts";
import { withFlags, type ClusterFlags } from "./flags.ts";
import { packageSource } from "./package-fields.ts";
import { toldBySource, type Source } from "./source.ts";
import { validateSpec } from "./validate.ts";
import type { ClusterSpec, PackageSource, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { ClouderError } from "#core/error";

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
  if (!read) throw new ClouderError("internal", "a document without a value");
  return read;
}

function withDefaults(document: ClusterDocument, defaults: SpecInput["defaults"]): ClusterSpec {
  const { metadata } = document;
  const spec: Written = document.spec ?? {};
  const settings = spec.provider?.settings ?? {};
  const planes = controlPlane(spec.controlPlane);
  const workers = { name: "workers", count: listed(settings, planes.count) };
  return {
    name: metadata?.name ?? "",
    provider: { name: spec.provider?.name ?? "local", settings },
    kubernetesVersion: spec.kubernetesVersion ?? defaults.kubernetesVersion ?? "",
    network: network(spec.network),
    controlPlane: planes,
    pools: (spec.pools ?? [workers]).map((one) => pool(one)),
    ...cloudController(document, defaults),
    ...nodeRequests(spec.nodes),
    packages: packages(document, defaults),
    ...asItIs(spec),
  };
}

type Written = Partial<NonNullable<ClusterDocument["spec"]>>;

/** What a cluster keeps where nothing is said of it. */
function asItIs({ addons, deletionProtection }: Written): Partial<ClusterSpec> {
  return {
    ...(addons !== undefined && { addons }),
    ...(deletionProtection !== undefined && { deletionProtection }),
  };
}

/** Clouds whose controllers we know. */
const clouds: ReadonlySet<string> = new Set(["aws", "azure"]);

/** Part of every cluster in a cloud whose nodes get images from registries; bundles have no such images. */
function cloudController(
  document: ClusterDocument,
  defaults: SpecInput["defaults"],
): Pick<ClusterSpec, "cloudController"> {
  const { provider, cloudController: wish }: Written = document.spec ?? {};
  const known = clouds.has(provider?.name ?? "");
  if (wish === true && !known) {
    throw wrongField(
      "spec.cloudController",
      `is for clusters of ${[...clouds].join(" and ")}, not of ${provider?.name ?? "local"}`,
      "leave it out",
    );
  }
  const wanted = wish ?? (known && packages(document, defaults).kind !== "bundle");
  return wanted ? { cloudController: true } : {};
}

function network(written: Written["network"]): ClusterSpec["network"] {
  return {
    podCIDR: written?.podCIDR ?? "10.244.0.0/16",
    serviceCIDR: written?.serviceCIDR ?? "10.96.0.0/12",
    dnsDomain: written?.dnsDomain ?? "cluster.local",
    cni: written?.cni ?? "flannel",
  };
}

function controlPlane(
  written: Partial<NonNullable<Written["controlPlane"]>> = {},
): ClusterSpec["controlPlane"] {
  const { count = 1, schedulable = false, endpoint, virtualAddress } = written;
  return {
    ...{ count, schedulable },
    ...(endpoint !== undefined && { endpoint }),
    ...(virtualAddress !== undefined && { virtualAddress }),
  };
}

function nodeRequests(
  written: Partial<NonNullable<Written["nodes"]>> = {},
): Pick<ClusterSpec, "nodes"> {
  const { disableIoUring = false, checkpointGate = false } = written;
  return disableIoUring || checkpointGate ? { nodes: { disableIoUring, checkpointGate } } : {};
}

type WrittenPool = NonNullable<Written["pools"]>[number];

function pool(written: Pick<WrittenPool, "name"> & Partial<WrittenPool>): PoolSpec {
  return {
    name: written.name,
    count: written.count ?? 1,
    ...(written.size !== undefined && { size: written.size }),
    ...(written.spot !== undefined && { spot: written.spot }),
    ...(written.min !== undefined && { min: written.min }),
    ...(written.max !== undefined && { max: written.max }),
    ...(written.gpuDriver !== undefined && { gpuDriver: written.gpuDriver }),
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
  return packageSource(spec?.packages, defaults.bundle);
}
