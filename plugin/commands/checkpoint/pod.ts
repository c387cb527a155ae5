import { requestCheckpoint } from "#checkpoint/engine/request-checkpoint";
import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { boolean, namespaceFlags, waitFlags } from "#plugin/cli/flags";
import { containersFlag, nameArgument, nameFlag } from "#plugin/cli/names";
import { checkpointTaken } from "#plugin/output/checkpoints";

export default command({
  summary: "Checkpoint a running pod, memory included, into a store",
  description:
    "The pod runs on, unless --stop is given. With --no-wait the checkpoint goes on in the cluster; " +
    "Ctrl-C while waiting gives it up.",
  examples: [
    "checkpoint pod notebook",
    "checkpoint pod notebook -n alice -c jupyter --store s3",
    "checkpoint pod notebook --stop",
  ],
  args: {
    pod: nameArgument("name of the pod"),
  },
  flags: {
    ...namespaceFlags,
    ...waitFlags,
    container: containersFlag("only this one; repeatable"),
    store: nameFlag("name of the CheckpointStore [default: the default one]"),
    stop: boolean({ description: "delete the pod once its checkpoint is stored" }),
  },
  run: async ({ args, flags }, { kube, namespace, clock, report, signal }) => {
    const { store: storeName, container: containers = [], stop, wait } = flags;
    const pod = { namespace: await namespace(), podName: args.pod, containers };
    const timeoutMs = milliseconds("timeout", flags.timeout);
    const following = { kube: await kube(), clock, report, signal, timeoutMs };
    const checkpoint = await requestCheckpoint({ ...pod, storeName, stop, wait }, following);
    return checkpointTaken(checkpoint);
  },
});
