import { requestRestore } from "#checkpoint/engine/request-restore";
import { argument, command } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { boolean, namespaceFlags, string, waitFlags } from "#plugin/cli/flags";
import { restoredPod } from "#plugin/output/restored";

export default command({
  summary: "Let a pod go on from a checkpoint, on this or another node",
  description:
    "A pod's name stands for its newest completed checkpoint. The pod is created with your own " +
    "rights. --dry-run chooses the node, fetches and verifies, prints the pod and takes all back.",
  examples: [
    "restore pod notebook",
    "restore pod 20261121t042036z-k3x9q --node node-2 --replace",
    "restore pod notebook --name notebook-copy --dry-run -o yaml",
  ],
  args: { source: argument({ description: "checkpoint's id, or name of a pod", required: true }) },
  flags: {
    ...namespaceFlags,
    ...waitFlags,
    node: string({ description: "node to restore on [default: a fitting one is chosen]" }),
    name: string({ description: "name of the new pod [default: as it was called]" }),
    "from-namespace": string({ description: "namespace of the checkpoint [default: --namespace]" }),
    replace: boolean({ description: "delete a pod of that name once all is on the node" }),
    "dry-run": boolean({ description: "create no pod, show it" }),
  },
  run: async ({ args, flags }, { kube, namespace, clock, report, signal }) => {
    const { node: nodeName, name: podName, "from-namespace": fromNamespace } = flags;
    const { replace, wait, "dry-run": dryRun } = flags;
    const target = { idOrPod: args.source, namespace: await namespace(), fromNamespace, podName };
    const timeoutMs = milliseconds("timeout", flags.timeout);
    const following = { kube: await kube(), clock, report, signal, timeoutMs };
    const request = { ...target, nodeName, replace, wait, dryRun };
    return restoredPod(await requestRestore(request, following), dryRun);
  },
});
