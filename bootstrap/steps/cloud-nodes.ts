import { controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import { withoutController } from "#bootstrap/steps/cloud-controller";
import type { Step } from "#bootstrap/steps/step";
import { waitFor } from "#core/retry";

/** What the kubelet puts on a node that its cloud has not told about yet. */
const waitingTaint = "node.cloudprovider.kubernetes.io/uninitialized";

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly taints?: readonly { readonly key: string }[] };
  }[];
}

/** Every node known to its cloud's controllers: until then no ordinary pod runs there. */
export const cloudNodes: Step = {
  id: "cloud-nodes",
  title: "wait until the cloud's controllers know all nodes",
  scope: "cluster",
  needs: ["nodes", "kubeconfig"],
  gives: [],
  after: ["cloud-controller", "join", "join-control-plane"],
  preview: ({ spec }) => [
    spec.cloudController === true
      ? "kubectl get nodes, until none is uninitialized, at most 5 minutes"
      : `nothing: ${withoutController}`,
  ],
  run: async ({ spec, clock, signal }, facts) => {
    if (spec.cloudController !== true) return { skipped: withoutController };
    const access = controlPlane(facts);
    const wanted = (facts.nodes ?? []).map(({ machine }) => machine.name);
    const started = clock.now();
    await waitFor(
      "that the cloud's controllers know all nodes",
      {
        ...{ timeoutMs: 300_000, everyMs: 1000, clock, signal },
        hint: "they tell what they wait for: kubectl -n kube-system logs daemonset/cloud-controller-manager; a pull that fails: kubectl -n kube-system describe pods -l k8s-app=cloud-controller-manager",
      },
      async () => {
        const nodes = await kubectl(access, ["get", "nodes", "-o", "json"]);
        const { items } = JSON.parse(nodes) as NodeList;
        const known = items.filter(({ spec: { taints = [] } }) =>
          taints.every(({ key }) => key !== waitingTaint),
        );
        return wanted.every((name) => known.some(({ metadata }) => metadata.name === name))
          ? true
          : undefined;
      },
    );
    return clock.now() - started < 1000 ? { skipped: "they know all" } : {};
  },
};
