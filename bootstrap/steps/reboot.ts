import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { output } from "#bootstrap/nodes/remote-file";
import { readStamp } from "#bootstrap/nodes/stamp";
import { connectNode } from "#bootstrap/steps/connect";
import type { Node, PlanContext } from "#bootstrap/steps/step";
import { ClouderError, isClouderError, throwIfCancelled } from "#core/error";
import { waitFor } from "#core/retry";

/**
 * Reboots a machine that was made for the cluster and is no node yet, and reaches it anew. Of any
 * other the user is told: what runs there is not ours to end.
 */
export async function rebootNode(context: PlanContext, node: Node, why: string): Promise<Node> {
  const { machine, access } = node;
  const { name } = machine;
  const isNode = (await readStamp(access, "cluster"))["state"] === "ready";
  if (context.provider.keepsMachines || isNode) {
    throw new ClouderError("refused", `${name} has to be rebooted ${why}`, {
      hint: isNode
        ? `kubectl drain ${name}, reboot it, kubectl uncordon ${name}, and run the command again`
        : "reboot it when it suits you, and run the command again",
    });
  }
  const before = await bootOf(access);
  const message = `reboots once, ${why}`;
  context.report({ type: "note", level: "info", host: name, message });
  await access.run(["systemd-run", "--quiet", "--on-active=1", "systemctl", "reboot"]);
  await access.close();
  const { clock, signal } = context;
  const hint = "look at the machine's console; run the command again when it answers";
  const limits = { timeoutMs: 600_000, everyMs: 3000, clock, signal, hint };
  return await waitFor(`that ${name} answers after its reboot`, limits, async () => {
    throwIfCancelled(signal);
    return await reached(context, node, before);
  });
}

/** undefined while it goes down or comes up: it then refuses logins in many ways. */
async function reached(
  context: PlanContext,
  { machine }: Node,
  before: string,
): Promise<Node | undefined> {
  let node: Node | undefined;
  try {
    node = await connectNode(context, machine);
    if ((await bootOf(node.access)) !== before) return node;
  } catch (error) {
    if (!isClouderError(error)) throw error;
  }
  await node?.access.close();
  return undefined;
}

function bootOf(access: NodeAccess): Promise<string> {
  return output(access, ["cat", "/proc/sys/kernel/random/boot_id"]);
}
