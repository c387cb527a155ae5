import { controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import { tokenLifetimeMinutes } from "#bootstrap/kubeadm/documents";
import { caCertHash, newToken, tokenSecret } from "#bootstrap/kubeadm/token";
import { succeeds } from "#bootstrap/nodes/remote-file";
import type { Step } from "#bootstrap/steps/step";

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
    const ca = Buffer.from(await access.readFile("/etc/kubernetes/pki/ca.crt")).toString();
    return { facts: { joining: { token, caCertHash: caCertHash(ca) } } };
  },
};

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
