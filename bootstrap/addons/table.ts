import type { Addon } from "#bootstrap/addons/addon";

/**
 * The add-ons: the one place of their charts' versions and digests. How each is set up stands in
 * `values/<name>.ts`.
 */
export const addonTable = [
  {
    name: "metrics-server",
    title: "CPU and memory of nodes and pods: kubectl top, autoscaling of pods",
    chart: {
      name: "metrics-server",
      repository: "https://kubernetes-sigs.github.io/metrics-server",
      version: "3.14.0",
      sha256: "c2ca1185c01e6e7f53dd1b7d131f0c9b3fa50e003ed068b784563a1b5a3422a1",
    },
    namespace: "kube-system",
    release: "metrics-server",
    standard: false,
    requires: [],
  },
  {
    name: "traefik",
    title: "Ingress controller: HTTP and HTTPS into the cluster, by host name and path",
    chart: {
      name: "traefik",
      repository: "https://traefik.github.io/charts",
      version: "41.6.0",
      sha256: "cd7254ea853da73bdb88edc896f079b88d43ffa0bfe699fdbf21081361eac365",
    },
    namespace: "datalayer-traefik",
    release: "traefik",
    standard: false,
    requires: [],
  },
] as const satisfies readonly Addon[];

/** Names of the add-ons of the table. */
export type AddonName = (typeof addonTable)[number]["name"];

/** In the order in which they can be enabled: what others need comes first. */
export const addons: readonly Addon[] = addonTable;
