import type { NodeAccess, RunOptions } from "#bootstrap/nodes/node-access";
import type { Facts } from "#bootstrap/steps/step";
import { systemClock } from "#core/clock";
import { ClouderError, hasCode } from "#core/error";
import { retry } from "#core/retry";

/** The machine on which the cluster is administered: a control plane that is part of it. */
export function controlPlane(facts: Partial<Facts>): NodeAccess {
  if (facts.plane) return facts.plane.access;
  const node = facts.nodes?.find(({ machine }) => machine.role === "control-plane");
  if (!node) throw new ClouderError("internal", "a cluster without a control plane");
  return node.access;
}

/**
 * What kubectl says while no API server answers: one is restarted, or the address moves to another
 * control plane.
 */
const away =
  /Unable to connect to the server|[Tt]he connection to the server .* was refused|connection refused|etcdserver: (leader changed|request timed out)|TLS handshake timeout|client connection lost|unexpected EOF|apiserver not ready/;
const patience = {
  ...{ attempts: 8, firstDelayMs: 1_000, maxDelayMs: 10_000 },
  when: (error: unknown) => hasCode(error, "remote-command") && away.test(error.message),
};

/**
 * Runs kubectl as the cluster's administrator on a control plane; gives stdout. What is asked for has to be
 * idempotent: it is asked for again while no API server answers.
 */
export async function kubectl(
  access: NodeAccess,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const argv = [
    ...["kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--request-timeout=30s"],
    // root's home belongs to the user of the machine.
    ...["--cache-dir=/run/clouder-kubeadm/kubectl", ...args],
  ];
  const { stdout } = await retry(patience, systemClock, () => access.run(argv, options));
  return stdout;
}

/** Applies objects; they travel through standard input. */
export async function applyOnNode(access: NodeAccess, manifest: string): Promise<string> {
  return await kubectl(
    access,
    ["apply", "--server-side", "--force-conflicts", "--field-manager=kubectl-clouder", "-f", "-"],
    { stdin: manifest },
  );
}
