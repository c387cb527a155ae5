import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { fields, list, text, truth, wholeNumber, wrongField, type Place } from "./document.ts";
import { validateSpec } from "./validate.ts";

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
  readonly bundle?: string | undefined;
  readonly schedulableControlPlane?: boolean | undefined;
  readonly kubernetesVersion?: string | undefined;
  readonly podCIDR?: string | undefined;
  readonly serviceCIDR?: string | undefined;
}

export interface SpecInput {
  /** The parsed document, if there is one. */
  readonly document?: unknown;
  readonly flags: ClusterFlags;
  /** What is taken where neither says it. */
  readonly defaults: { readonly kubernetesVersion?: string; readonly bundle?: string };
}

export const documentVersion = "bootstrap.clouder.datalayer.io/v1alpha1";

/** Document and flags to a validated, complete spec; `config` or `usage` names what is wrong. */
export function loadSpec({ document, flags, defaults }: SpecInput): ClusterSpec {
  const spec = sections(document);
  const machines = provider(spec.provider, flags);
  return validateSpec({
    name: flags.name ?? spec.name ?? "",
    provider: machines,
    kubernetesVersion:
      flags.kubernetesVersion ?? text(spec.kubernetesVersion) ?? defaults.kubernetesVersion ?? "",
    network: network(spec.network, flags),
    controlPlane: controlPlane(spec.controlPlane, flags),
    pools: withWorkers(pools(spec.pools), flags, machines.settings),
    packages: {
      kind: "bundle",
      folder: flags.bundle ?? bundleFolder(spec.packages) ?? defaults.bundle ?? "",
    },
  });
}

function field({ path, value }: Place, name: string): Place {
  return {
    path: `${path}.${name}`,
    value: (value as Record<string, unknown> | null | undefined)?.[name],
  };
}

function network(place: Place, flags: ClusterFlags): ClusterSpec["network"] {
  fields(place, ["podCIDR", "serviceCIDR", "dnsDomain", "cni"]);
  return {
    podCIDR: flags.podCIDR ?? text(field(place, "podCIDR")) ?? "10.244.0.0/16",
    serviceCIDR: flags.serviceCIDR ?? text(field(place, "serviceCIDR")) ?? "10.96.0.0/12",
    dnsDomain: text(field(place, "dnsDomain")) ?? "cluster.local",
    cni: cni(field(place, "cni")),
  };
}

function controlPlane(place: Place, flags: ClusterFlags): ClusterSpec["controlPlane"] {
  fields(place, ["count", "schedulable", "endpoint"]);
  const endpoint = text(field(place, "endpoint"));
  const schedulable = flags.schedulableControlPlane ?? truth(field(place, "schedulable"));
  return {
    count: wholeNumber(field(place, "count"), 1, 1) ?? 1,
    schedulable: schedulable ?? false,
    ...(endpoint !== undefined && { endpoint }),
  };
}

function bundleFolder(place: Place): string | undefined {
  fields(place, ["bundle"]);
  return text(field(place, "bundle"));
}

interface Sections {
  readonly name: string | undefined;
  readonly provider: Place;
  readonly kubernetesVersion: Place;
  readonly network: Place;
  readonly controlPlane: Place;
  readonly pools: Place;
  readonly packages: Place;
}

const specFields = [
  "provider",
  "kubernetesVersion",
  "network",
  "controlPlane",
  "pools",
  "packages",
] as const;

function sections(document: unknown): Sections {
  const root = fields({ path: "the document", value: document }, [
    "apiVersion",
    "kind",
    "metadata",
    "spec",
  ]);
  if (document !== undefined) {
    if (root["apiVersion"] !== documentVersion) {
      throw wrongField("apiVersion", `must be ${documentVersion}`);
    }
    if (root["kind"] !== "Cluster") throw wrongField("kind", "must be Cluster");
  }
  const metadata = fields({ path: "metadata", value: root["metadata"] }, ["name"]);
  const spec = fields({ path: "spec", value: root["spec"] }, specFields);
  const place = (field: (typeof specFields)[number]): Place => ({
    path: `spec.${field}`,
    value: spec[field],
  });
  return {
    name: text({ path: "metadata.name", value: metadata["name"] }),
    provider: place("provider"),
    kubernetesVersion: place("kubernetesVersion"),
    network: place("network"),
    controlPlane: place("controlPlane"),
    pools: place("pools"),
    packages: place("packages"),
  };
}

function provider(place: Place, flags: ClusterFlags): ClusterSpec["provider"] {
  const section = fields(place, ["name", "settings"]);
  const settings = section["settings"] ?? {};
  if (typeof settings !== "object" || Array.isArray(settings)) {
    throw wrongField("spec.provider.settings", "must be an object");
  }
  const name =
    flags.provider ?? text({ path: "spec.provider.name", value: section["name"] }) ?? "local";
  return {
    name,
    settings: {
      ...settings,
      ...given(flags.settings),
      ...(flags.hosts && flags.hosts.length > 0 && { hosts: flags.hosts }),
      ...(flags.key !== undefined && { key: flags.key }),
    },
  };
}

function given(settings: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function cni(place: Place): "flannel" {
  const name = text(place) ?? "flannel";
  if (name !== "flannel") throw wrongField(place.path, `must be flannel, not "${name}"`);
  return name;
}

function pools(place: Place): readonly PoolSpec[] | undefined {
  return list(place)?.map((entry) => {
    const pool = fields(entry, ["name", "count", "labels", "taints", "checkpoint"]);
    const at = (field: string): Place => ({ path: `${entry.path}.${field}`, value: pool[field] });
    const name = text(at("name"));
    if (name === undefined) throw wrongField(`${entry.path}.name`, "is missing");
    return {
      name,
      count: wholeNumber(at("count"), 0, 150) ?? 1,
      labels: labels(at("labels")),
      taints: list(at("taints"))?.map(taint) ?? [],
      checkpoint: truth(at("checkpoint")) ?? true,
    };
  });
}

function labels({ path, value }: Place): Readonly<Record<string, string>> {
  const given = fields({ path, value }, Object.keys(value ?? {}));
  return Object.fromEntries(
    Object.entries(given).map(([key, one]) => {
      if (typeof one !== "string") throw wrongField(`${path}.${key}`, "must be a text in quotes");
      return [key, one];
    }),
  );
}

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

function taint(place: Place): PoolSpec["taints"][number] {
  const given = fields(place, ["key", "value", "effect"]);
  const key = text({ path: `${place.path}.key`, value: given["key"] });
  const value = text({ path: `${place.path}.value`, value: given["value"] });
  const effect = effects.find((one) => one === given["effect"]);
  if (key === undefined) throw wrongField(`${place.path}.key`, "is missing");
  if (!effect) throw wrongField(`${place.path}.effect`, `must be one of ${effects.join(", ")}`);
  return { key, effect, ...(value !== undefined && { value }) };
}

/** The first pool takes the number of workers that flags give; hosts that are listed all join. */
function withWorkers(
  given: readonly PoolSpec[] | undefined,
  flags: ClusterFlags,
  settings: Readonly<Record<string, unknown>>,
): readonly PoolSpec[] {
  const hosts = settings["hosts"];
  const listed = given === undefined && Array.isArray(hosts) ? hosts.length - 1 : undefined;
  const wanted = flags.workers ?? listed;
  const [first, ...rest] = given ?? [
    { name: "workers", count: wanted ?? 1, labels: {}, taints: [], checkpoint: true },
  ];
  if (!first) return [];
  return [wanted === undefined ? first : { ...first, count: wanted }, ...rest];
}

/** The bundle's folder that a document names; its version is needed before the rest is read. */
export function documentBundle(document: unknown): string | undefined {
  return bundleFolder(sections(document).packages);
}
