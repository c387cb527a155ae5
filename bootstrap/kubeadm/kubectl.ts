import type { NodeAccess, RunOptions } from "#bootstrap/nodes/node-access";
import type { Facts } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** The machine on which the cluster is administered: a control plane that is part of it. */
export function controlPlane(facts: Partial<Facts>): NodeAccess {
  if (facts.plane) return facts.plane.access;
  const node = facts.nodes?.find(({ machine }) => machine.role === "control-plane");
  if (!node) throw new ClouderError("internal", "a cluster without a control plane");
  return node.access;
}

/** Runs kubectl as the cluster's administrator on a control plane; gives stdout. */
export async function kubectl(
  access: NodeAccess,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { stdout } = await access.run(
    [
      ...["kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--request-timeout=30s"],
      // root's home belongs to the user of the machine.
      ...["--cache-dir=/run/clouder-kubeadm/kubectl", ...args],
    ],
    options,
  );
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
