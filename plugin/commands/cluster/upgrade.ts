import { upgradeCluster } from "#bootstrap/upgrade-cluster";
import { command } from "#plugin/cli/command";
import { confirmChange } from "#plugin/cli/confirm-change";
import { string, yesFlag } from "#plugin/cli/flags";
import { clusterArgument, clusterAt, drainFlags, drainOf, lifeAround } from "#plugin/cli/life";
import { upgradedResult } from "#plugin/output/pools";

export default command({
  summary: "Bring a cluster to a newer Kubernetes, one minor version at a time",
  description:
    "etcd is saved first. Control planes go before workers, each node is drained, proven again and let back in. A run that was stopped goes on where it was.",
  examples: [
    "cluster upgrade dev --bundle ./bundle-1.36.3",
    "cluster upgrade dev --kubernetes-version v1.36.3",
  ],
  args: { cluster: clusterArgument },
  flags: {
    "kubernetes-version": string({
      aliases: ["k8s-version"],
      description: "for example v1.36.3 [default: the newest that the packages have]",
    }),
    bundle: string({ description: "bundle of that version [default: the cluster's source]" }),
    ...drainFlags,
    yes: yesFlag,
  },
  run: async ({ args: { cluster }, flags }, context) => {
    const version = flags["kubernetes-version"]?.replace(/^(?=\d)/, "v");
    const to = version ?? "the newest version";
    await confirmChange(context, cluster, `Upgrade ${cluster} to ${to}?`);
    const source = flags.bundle === undefined ? undefined : bundleAt(flags.bundle);
    const wishes = { kubernetesVersion: version, source, drain: drainOf(flags) };
    const request = { ...clusterAt(context, cluster), ...wishes };
    return upgradedResult(cluster, await upgradeCluster(request, lifeAround(context)));
  },
});

const bundleAt = (folder: string) => ({ kind: "bundle", folder }) as const;
