import { controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import { tokenLifetimeMinutes } from "#bootstrap/kubeadm/documents";
import { caCertHash, newToken, tokenSecret } from "#bootstrap/kubeadm/token";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { succeeds } from "#bootstrap/nodes/remote-file";
import type { PlanContext, Step } from "#bootstrap/steps/step";
import { waitFor } from "#core/retry";

/** A short-lived token, made only when a node is still to join. */
export const joinToken: Step = {
  id: "join-token",
  title: "make a join token",
  scope: "cluster",
  needs: ["nodes", "kubeconfig"],
  gives: ["joining"],
  preview: () => [
    `kubectl apply: a bootstrap token for ${tokenLifetimeMinutes} minutes (through standard input)`,
  ],
  run: async (context, facts) => {
    const access = controlPlane(facts);
    const members = new Set(
      (await kubectl(access, ["get", "nodes", "-o", "name"])).trim().split("\n"),
    );
    const workers = (facts.nodes ?? []).filter(({ machine }) => machine.role === "worker");
    const outside = await Promise.all(
      workers.map(
        async (node) =>
          !members.has(`node/${node.machine.name}`) ||
          !(await succeeds(node.access, ["test", "-s", "/etc/kubernetes/kubelet.conf"])),
      ),
    );
    if (!outside.includes(true))
      return { facts: { joining: undefined }, skipped: "all have joined" };
    const token = newToken();
    const expires = new Date(context.clock.now() + tokenLifetimeMinutes * 60_000);
    await kubectl(access, ["apply", "-f", "-"], {
      stdin: JSON.stringify(tokenSecret(token, expires)),
    });
    await waitUntilSigned(context, access, token);
    const ca = Buffer.from(await access.readFile("/etc/kubernetes/pki/ca.crt")).toString();
    return { facts: { joining: { token, caCertHash: caCertHash(ca) } } };
  },
};

/** kubeadm looks for the signature every five seconds; looking more often ourselves saves most of it. */
async function waitUntilSigned(
  { clock, signal }: PlanContext,
  access: NodeAccess,
  token: string,
): Promise<void> {
  const field = `{.data.jws-kubeconfig-${token.split(".")[0] ?? ""}}`;
  await waitFor(
    "that the controller manager signs the cluster's public facts",
    {
      ...{ timeoutMs: 120_000, everyMs: 250, clock, signal },
      hint: "look at the kube-controller-manager pod in kube-system",
    },
    async () => {
      const facts = ["-n", "kube-public", "get", "configmap", "cluster-info"];
      const signature = await kubectl(access, [...facts, "-o", `jsonpath=${field}`]);
      return signature.trim() === "" ? undefined : true;
    },
  );
}

/** The token is worth nothing once all have joined. */
export const dropToken: Step = {
  id: "drop-token",
  title: "delete the join token",
  scope: "cluster",
  needs: ["nodes", "joining"],
  gives: [],
  after: ["join"],
  preview: () => ["kubectl delete secret bootstrap-token-…"],
  run: async (_context, facts) => {
    if (!facts.joining) return { skipped: "none was made" };
    await kubectl(controlPlane(facts), [
      ...["-n", "kube-system", "delete", "secret", "--ignore-not-found"],
      `bootstrap-token-${facts.joining.token.split(".")[0] ?? ""}`,
    ]);
    return {};
  },
};
