import type { CloudFacts } from "#bootstrap/clouds/cloud-facts";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";

/** A Helm chart, pinned to the byte. */
export interface Chart {
  readonly name: string;
  /** Address of a chart repository (https://…), or the folder of an OCI one (oci://…). */
  readonly repository: string;
  readonly version: string;
  /** Of the chart's archive, as its repository gives it out. */
  readonly sha256: string;
}

/** Something that runs in a cluster and is not part of Kubernetes: one entry of the table. */
export interface Addon {
  readonly name: string;
  readonly title: string;
  readonly chart: Chart;
  readonly namespace: string;
  /** What Helm calls it. */
  readonly release: string;
  /** Providers whose clusters can have it; absent: all. */
  readonly providers?: readonly string[];
}

/** What an add-on's values are made from. */
export interface AddonInput {
  readonly spec: ClusterSpec;
  /** What the provider's cloud says of it; absent where there is no cloud. */
  readonly cloud?: CloudFacts;
}

/** Values of a Helm chart. */
export type Values = Readonly<Record<string, unknown>>;
