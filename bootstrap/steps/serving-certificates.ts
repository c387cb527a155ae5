import { checkServingRequest, type SigningRequest } from "#bootstrap/kubeadm/serving-request";
import { controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import { succeeds } from "#bootstrap/nodes/remote-file";
import type { Facts, PlanContext, Step } from "#bootstrap/steps/step";
import { waitFor } from "#core/retry";

const certificate = "/var/lib/kubelet/pki/kubelet-server-current.pem";

/** The kubelets' serving certificates, signed by the cluster after a check of who asks. */
export const servingCertificates: Step = {
  id: "serving-certificates",
  title: "approve the kubelets' serving certificates",
  scope: "cluster",
  needs: ["nodes", "kubeconfig"],
  gives: [],
  // The names in requests are those that the cloud's controllers tell.
  after: ["join", "join-control-plane", "cloud-nodes"],
  preview: () => [
    "kubectl certificate approve, for requests that name exactly the node that made them",
  ],
  run: async (context, facts) => {
    // Requests to renew one wait here, too.
    const approved = await approvePending(context, facts);
    if ((await without(facts)).length === 0) {
      return approved > 0 ? {} : { skipped: "all have one" };
    }
    await waitFor(
      "that every kubelet has a serving certificate",
      {
        timeoutMs: 300_000,
        everyMs: 1000,
        clock: context.clock,
        signal: context.signal,
        hint: "on the node without one: journalctl -u kubelet; kubectl get certificatesigningrequests",
      },
      async () => {
        await approvePending(context, facts);
        return (await without(facts)).length === 0 ? true : undefined;
      },
    );
    return {};
  },
};

async function without(facts: Partial<Facts>): Promise<readonly string[]> {
  const all = await Promise.all(
    (facts.nodes ?? []).map(async ({ machine, access }) =>
      (await succeeds(access, ["test", "-s", certificate])) ? [] : [machine.name],
    ),
  );
  return all.flat();
}

async function approvePending(context: PlanContext, facts: Partial<Facts>): Promise<number> {
  const access = controlPlane(facts);
  const { items } = JSON.parse(
    await kubectl(access, ["get", "certificatesigningrequests", "-o", "json"]),
  ) as { readonly items: readonly SigningRequest[] };
  const pending = items.filter(
    (one) =>
      one.spec.signerName === "kubernetes.io/kubelet-serving" &&
      (one.status?.conditions ?? []).length === 0,
  );
  const good: string[] = [];
  for (const request of pending) {
    const problem = checkServingRequest(request, facts.machines ?? []);
    if (problem === undefined) good.push(request.metadata.name);
    else {
      const message = `not approved: ${request.metadata.name} of ${request.spec.username}: ${problem}`;
      context.report({ type: "note", level: "warn", message });
    }
  }
  if (good.length > 0) await kubectl(access, ["certificate", "approve", ...good]);
  return good.length;
}
