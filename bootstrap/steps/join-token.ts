import { controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import { tokenLifetimeMinutes } from "#bootstrap/kubeadm/documents";
import { caCertHash, newToken, tokenSecret } from "#bootstrap/kubeadm/token";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { succeeds } from "#bootstrap/nodes/remote-file";
import type { Facts, Node, PlanContext, Step } from "#bootstrap/steps/step";
import { readStamp } from "#bootstrap/nodes/stamp";
import { dropCertificates, uploadCertificates } from "#bootstrap/kubeadm/certificate-key";
import { waitFor } from "#core/retry";

/** A short-lived token, made only when a node is still to join. */
export const joinToken: Step = {
  id: "join-token",
  title: "make a join token",
  scope: "cluster",
  needs: ["nodes", "settings", "endpoint", "kubeconfig", "plane"],
  gives: ["joining"],
  preview: () => [
    `kubectl apply: a bootstrap token for ${tokenLifetimeMinutes} minutes (through standard input)`,
  ],
  run: async (context, facts) => {
    const access = controlPlane(facts);
    const outside = await outsiders(facts);
    if (outside.length === 0) return { facts: { joining: undefined }, skipped: "all have joined" };
    const token = newToken();
    const expires = new Date(context.clock.now() + tokenLifetimeMinutes * 60_000);
    await kubectl(access, ["apply", "-f", "-"], {
      stdin: JSON.stringify(tokenSecret(token, expires)),
    });
    await waitUntilSigned(context, access, token);
    const ca = Buffer.from(await access.readFile("/etc/kubernetes/pki/ca.crt")).toString();
    const planes = outside.some(({ machine }) => machine.role === "control-plane");
    const joining = {
      ...{ token, caCertHash: caCertHash(ca) },
      ...(planes && { certificateKey: await uploadCertificates(context, facts) }),
    };
    return { facts: { joining } };
  },
};

/** Nodes that are not part of the cluster yet. */
async function outsiders(facts: Partial<Facts>): Promise<readonly Node[]> {
  const listed = await kubectl(controlPlane(facts), ["get", "nodes", "-o", "name"]);
  const members = new Set(listed.trim().split("\n"));
  const all = await Promise.all(
    (facts.nodes ?? []).map(async (node) => {
      if (node.machine.name === facts.plane?.machine.name) return [];
      const known = members.has(`node/${node.machine.name}`);
      return known && (await hasJoined(node)) ? [] : [node];
    }),
  );
  return all.flat();
}

/** A control plane that was killed while it joined is a node, and yet half of one. */
async function hasJoined({ machine, access }: Node): Promise<boolean> {
  if (!(await succeeds(access, ["test", "-s", "/etc/kubernetes/kubelet.conf"]))) return false;
  return machine.role === "worker" || (await readStamp(access, "cluster"))["state"] === "ready";
}

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
  after: ["join", "join-control-plane"],
  preview: () => ["kubectl delete secret bootstrap-token-…, kubeadm-certs"],
  run: async (_context, facts) => {
    if (!facts.joining) return { skipped: "none was made" };
    const access = controlPlane(facts);
    const { token, certificateKey } = facts.joining;
    await kubectl(access, [
      ...["-n", "kube-system", "delete", "secret", "--ignore-not-found"],
      `bootstrap-token-${token.split(".")[0] ?? ""}`,
    ]);
    if (certificateKey !== undefined) await dropCertificates(access);
    return {};
  },
};
