import { controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import type { Step } from "#bootstrap/steps/step";
import { waitFor } from "#core/retry";

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: {
      readonly conditions?: readonly {
        readonly type: string;
        readonly status: string;
        readonly message?: string;
      }[];
    };
  }[];
}

/** Every node Ready. */
export const waitReady: Step = {
  id: "wait-ready",
  title: "wait until all nodes are ready",
  scope: "cluster",
  needs: ["nodes"],
  gives: [],
  after: ["join", "join-control-plane", "flannel"],
  preview: () => ["kubectl get nodes, until all are Ready, at most 5 minutes"],
  run: async (context, facts) => {
    const access = controlPlane(facts);
    const wanted = (facts.nodes ?? []).map(({ machine }) => machine.name);
    const started = context.clock.now();
    let waiting = "";
    await waitFor(
      "that all nodes are Ready",
      {
        timeoutMs: 300_000,
        everyMs: 1000,
        clock: context.clock,
        signal: context.signal,
        hint: "kubectl describe nodes tells what each waits for; on a missing one: journalctl -u kubelet",
      },
      async () => {
        const { items } = JSON.parse(
          await kubectl(access, ["get", "nodes", "-o", "json"]),
        ) as NodeList;
        const unready = wanted.flatMap((name) => unreadiness(items, name));
        if (unready.length === 0) return true;
        if (unready.join() !== waiting) {
          waiting = unready.join();
          context.report({ type: "note", level: "debug", message: unready.join("; ") });
        }
        return undefined;
      },
    );
    return context.clock.now() - started < 1000 ? { skipped: "all are ready" } : {};
  },
};

function unreadiness(items: NodeList["items"], name: string): readonly string[] {
  const node = items.find(({ metadata }) => metadata.name === name);
  if (!node) return [`${name}: not registered`];
  const ready = node.status.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True" ? [] : [`${name}: ${ready?.message ?? "no status yet"}`];
}
