import { requestRestore } from "#checkpoint/engine/request-restore";
import { command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { boolean, namespaceFlags, waitFlags } from "#plugin/cli/flags";
import { nodeSelectorFlag, nodeSelectorOf } from "#plugin/cli/node-selector";
import { nameArgument, nameFlag, namespaceFlag } from "#plugin/cli/names";
import { restoredPod } from "#plugin/output/restored";

export default command({
  summary: "Let a pod go on from a checkpoint, on this or another node",
  description:
    "A pod's name stands for its newest completed checkpoint. The pod is created with your own " +
    "rights. --dry-run chooses the node, fetches and verifies, prints the pod and takes all back.",
  examples: [
    "restore pod 20261121t042036z-k3x9q --node node-2 --replace",
    "restore pod notebook --node-selector xpu.datalayer.io/cpu=true --dry-run -o yaml",
  ],
  args: {
    source: nameArgument("checkpoint's id, or name of a pod"),
  },
  flags: {
    ...{ ...namespaceFlags, ...waitFlags },
    node: nameFlag("node to restore on [default: a fitting one is chosen]"),
    "node-selector": nodeSelectorFlag,
    name: nameFlag("name of the new pod [default: as it was called]"),
    "from-namespace": namespaceFlag("namespace of the checkpoint [default: --namespace]"),
    replace: boolean({ description: "delete a pod of that name once all is on the node" }),
    "dry-run": boolean({ description: "create no pod, show it" }),
  },
  run: async ({ args, flags }, { kube, namespace, clock, report, signal }) => {
    const { node: nodeName, name: podName, "from-namespace": fromNamespace, replace, wait } = flags;
    const { "dry-run": dryRun, "node-selector": labels } = flags;
    const target = { idOrPod: args.source, namespace: await namespace(), fromNamespace, podName };
    const timeoutMs = milliseconds("timeout", flags.timeout);
    const following = { kube: await kube(), clock, report, signal, timeoutMs };
    const where = { nodeName, nodeSelector: nodeSelectorOf(labels) };
    const request = { ...target, ...where, replace, wait, dryRun };
    return restoredPod(await requestRestore(request, following), dryRun);
  },
});
