import type { Addon } from "#bootstrap/addons/addon";

/**
 * The add-ons: the one place of their charts' versions and digests. How each is set up stands in
 * `values/<name>.ts`.
 */
const addonTable = [
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
  },
  {
    name: "azuredisk-csi-driver",
    title: "Azure Disk: volumes of one node, class managed-csi (the default), snapshots",
    chart: {
      name: "azuredisk-csi-driver",
      repository:
        "https://raw.githubusercontent.com/kubernetes-sigs/azuredisk-csi-driver/master/charts",
      version: "1.34.5",
      sha256: "b40c3bc9b532848667193f6955c38014b8e12507feeba31068c11e251d3dd89a",
    },
    namespace: "kube-system",
    release: "azuredisk-csi-driver",
    providers: ["azure"],
  },
  {
    name: "azurefile-csi-driver",
    title: "Azure Files: volumes of many nodes over NFS, class azure-nfs",
    chart: {
      name: "azurefile-csi-driver",
      repository:
        "https://raw.githubusercontent.com/kubernetes-sigs/azurefile-csi-driver/master/charts",
      version: "1.35.7",
      sha256: "4bb6051e67756d479246978bd6c610ef1a05a45ca179a10c4b7e7781c0454669",
    },
    namespace: "kube-system",
    release: "azurefile-csi-driver",
    providers: ["azure"],
  },
  {
    name: "aws-ebs-csi-driver",
    title: "EBS: encrypted volumes of one node, class gp3 (the default)",
    chart: {
      name: "aws-ebs-csi-driver",
      repository: "https://kubernetes-sigs.github.io/aws-ebs-csi-driver",
      version: "2.64.0",
      sha256: "af082a48b9117b948777cb585b753b58b397a4b1c929f809e14661b84bb911bb",
    },
    namespace: "kube-system",
    release: "aws-ebs-csi-driver",
    providers: ["aws"],
  },
  {
    name: "aws-load-balancer-controller",
    title: "Load balancers of AWS for Services of type LoadBalancer and for Ingresses",
    chart: {
      name: "aws-load-balancer-controller",
      repository: "https://aws.github.io/eks-charts",
      version: "3.5.0",
      sha256: "45051f634b33e10baccb3354d0681b7de787c60445e599fa276e0c9aedd4ccd5",
    },
    namespace: "kube-system",
    release: "aws-load-balancer-controller",
    providers: ["aws"],
  },
] as const satisfies readonly Addon[];

/** Names of the add-ons of the table. */
export type AddonName = (typeof addonTable)[number]["name"];

/** In the order in which they are applied. */
export const addons: readonly Addon[] = addonTable;
