import { below } from "./document.ts";
import { documentVersion } from "./cluster-fields.ts";

/** What flags say; each wins over the document. */
export interface ClusterFlags {
  readonly name?: string | undefined;
  readonly provider?: string | undefined;
  readonly workers?: number | undefined;
  /** `user@address[:port]`, the control plane first; for the ssh provider. */
  readonly hosts?: readonly string[] | undefined;
  /** What else flags say to the provider, by the names of its settings; absent ones are undefined. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** Private key for the ssh provider. */
  readonly key?: string | undefined;
  /** Kind of package source. */
  readonly packages?: string | undefined;
  readonly bundle?: string | undefined;
  readonly controlPlanes?: number | undefined;
  /** `host:port` of a load balancer before the API servers. */
  readonly endpoint?: string | undefined;
  readonly virtualAddress?: string | undefined;
  /** Labels of the first pool's nodes. */
  readonly nodeLabels?: Readonly<Record<string, string>> | undefined;
  readonly schedulableControlPlane?: boolean | undefined;
  readonly disableIoUring?: boolean | undefined;
  readonly checkpointGate?: boolean | undefined;
  readonly deletionProtection?: boolean | undefined;
  readonly kubernetesVersion?: string | undefined;
  readonly podCIDR?: string | undefined;
  readonly serviceCIDR?: string | undefined;
}

/** Which field of the document each flag stands for. */
const places = {
  name: { flag: "NAME", path: ["metadata", "name"] },
  provider: { flag: "--provider", path: ["spec", "provider", "name"] },
  workers: { flag: "--workers", path: ["spec", "pools", 0, "count"] },
  nodeLabels: { flag: "--node-label", path: ["spec", "pools", 0, "labels"] },
  hosts: { flag: "--host", path: ["spec", "provider", "settings", "hosts"] },
  key: { flag: "--key", path: ["spec", "provider", "settings", "key"] },
  packages: { flag: "--packages", path: ["spec", "packages", "kind"] },
  bundle: { flag: "--bundle", path: ["spec", "packages", "bundle"] },
  controlPlanes: { flag: "--control-planes", path: ["spec", "controlPlane", "count"] },
  endpoint: { flag: "--endpoint", path: ["spec", "controlPlane", "endpoint"] },
  virtualAddress: { flag: "--virtual-address", path: ["spec", "controlPlane", "virtualAddress"] },
  schedulableControlPlane: {
    flag: "--schedulable-control-plane",
    path: ["spec", "controlPlane", "schedulable"],
  },
  disableIoUring: { flag: "--disable-io-uring", path: ["spec", "nodes", "disableIoUring"] },
  checkpointGate: { flag: "--checkpoint-gate", path: ["spec", "nodes", "checkpointGate"] },
  deletionProtection: { flag: "--deletion-protection", path: ["spec", "deletionProtection"] },
  kubernetesVersion: { flag: "--kubernetes-version", path: ["spec", "kubernetesVersion"] },
  podCIDR: { flag: "--pod-cidr", path: ["spec", "network", "podCIDR"] },
  serviceCIDR: { flag: "--service-cidr", path: ["spec", "network", "serviceCIDR"] },
} as const satisfies Record<
  Exclude<keyof ClusterFlags, "settings">,
  { readonly flag: string; readonly path: readonly (string | number)[] }
>;

/** Flags of settings that are not called as their setting is. */
const settingFlags: Readonly<Record<string, string>> = {
  allowCIDRs: "--allow-cidr",
  subnets: "--subnet",
  subnet: "--subnet-id",
  subscription: "--subscription-id",
  user: "--admin-user",
  vpcCIDR: "--vpc-cidr",
  vnetCIDR: "--vnet-cidr",
  subnetCIDR: "--subnet-cidr",
};

/** The flag of a provider's setting. */
function settingFlag(name: string): string {
  return (
    settingFlags[name] ?? `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  );
}

/** The document with the flags laid over it; without a document, what the flags alone make. */
export function withFlags(document: unknown, flags: ClusterFlags): unknown {
  let whole: unknown = document ?? { apiVersion: documentVersion, kind: "Cluster" };
  for (const { path, value } of given(flags)) whole = put(whole, path, value);
  return whole;
}

/** The flag that gave the value at a path, if one did. */
export function flagAt(path: string, flags: ClusterFlags): string | undefined {
  return given(flags)
    .filter((one) => {
      const own = written(one.path);
      return path === own || path.startsWith(`${own}.`) || path.startsWith(`${own}[`);
    })
    .map(({ flag }) => flag)
    .at(-1);
}

interface Given {
  readonly flag: string;
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

function given(flags: ClusterFlags): readonly Given[] {
  const own = Object.entries(places).map(([name, place]) => ({
    ...place,
    value: flags[name as keyof typeof places],
  }));
  const settings = Object.entries(flags.settings ?? {}).map(([name, value]) => ({
    ...{ flag: settingFlag(name), path: ["spec", "provider", "settings", name], value },
  }));
  return [...settings, ...own].filter(
    ({ value }) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
}

/** Written as error messages write it. */
function written(path: readonly (string | number)[]): string {
  return path
    .map(String)
    .reduce((sum, part) => (/^\d/.test(part) ? `${sum}[${part}]` : below(sum, part)));
}

/** A copy with the value in its place; what is no object on the way is left for the reader to refuse. */
function put(
  whole: unknown,
  [first, ...rest]: readonly (string | number)[],
  value: unknown,
): unknown {
  if (first === undefined) return value;
  const there = whole ?? (typeof first === "number" ? [] : {});
  if (typeof there !== "object" || Array.isArray(there) !== (typeof first === "number")) {
    return whole;
  }
  const fresh = typeof first === "number" ? { name: "workers" } : undefined;
  const before = (there as Readonly<Record<string | number, unknown>>)[first] ?? fresh;
  const copy = Array.isArray(there) ? [...(there as readonly unknown[])] : { ...there };
  return Object.assign(copy, { [first]: put(before, rest, value) });
}
