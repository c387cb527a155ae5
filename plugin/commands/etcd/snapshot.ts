import { snapshotEtcd } from "#bootstrap/etcd/snapshot";
import { argument, command } from "#plugin/cli/command";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";
import { bytes } from "#plugin/output/units";

export default command({
  summary: "Save all that a cluster's etcd holds in a file",
  description:
    "The file (0600) holds every Secret of the cluster. Its hash is verified before it is given out.",
  examples: ["etcd snapshot dev dev.db"],
  args: {
    cluster: clusterArgument,
    file: argument({ description: "file to write", required: true }),
  },
  run: async ({ args }, context) => {
    const request = { ...clusterAt(context, args.cluster), file: args.file };
    const saved = await snapshotEtcd(request, lifeAround(context));
    const size = bytes(saved.totalSize);
    return {
      object: saved,
      text: `${saved.file}: ${size}, ${saved.totalKey} keys up to revision ${saved.revision}, from ${saved.from}; verified`,
    };
  },
});
