import { controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import type { Machine } from "#bootstrap/providers/provider";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import { poolOf } from "#bootstrap/spec/machines";
import type { Step } from "#bootstrap/steps/step";
import { ClouderError, hasCode, messageOf } from "#core/error";
import { waitFor } from "#core/retry";

/** The endpoint takes POST only: to be refused a GET is the good answer, and nothing is dumped. */
const route = "/checkpoint/clouder-system/clouder-probe/none";

/** Without the kubelet's checkpoint endpoint a node would be proven for nothing. */
export const probeKubelet: Step = {
  id: "probe-kubelet",
  title: "look for the kubelet's checkpoint endpoint",
  scope: "node",
  needs: ["nodes", "kubeconfig"],
  gives: [],
  after: ["serving-certificates", "wait-ready"],
  preview: () => ["kubectl get --raw /checkpoint/… of each kubelet: it takes POST only"],
  run: async ({ spec, clock, signal }, facts, { access, machine }) => {
    const { name, pool } = machine;
    if (poolOf(spec, pool)?.checkpoint === false) {
      return { skipped: "its pool has checkpoint: false" };
    }
    const { kubernetesVersion: version } = spec;
    // A kubectl for each node of a rerun would keep the control plane busy.
    if ((await readStamp(access, "endpoint"))["version"] === version) {
      return { skipped: "it was there already" };
    }
    const hint = `on ${name}: journalctl -u kubelet`;
    const limits = { timeoutMs: 60_000, everyMs: 2000, clock, signal, hint };
    await waitFor(`that the kubelet of ${name} tells of its checkpoint endpoint`, limits, () =>
      isThere(controlPlane(facts), machine),
    );
    await writeStamp(access, "endpoint", { version });
    return {};
  },
};

/**
 * undefined while the kubelet does not answer. It is asked directly, as the administrator: the API
 * server's own client may not do that on current kubeadm clusters.
 */
async function isThere(
  access: NodeAccess,
  { name: node, privateAddress: address }: Machine,
): Promise<true | undefined> {
  const host = address.includes(":") ? `[${address}]` : address;
  try {
    await kubectl(access, [`--server=https://${host}:10250`, "get", "--raw", route]);
    return true;
  } catch (error) {
    if (!hasCode(error, "remote-command")) throw error;
    const said = messageOf(error);
    if (/MethodNotAllowed|does not allow this method/.test(said)) return true;
    if (/NotFound|could not find the requested resource/.test(said)) throw switchedOff(node);
    if (/Forbidden|Unauthorized/.test(said)) throw error;
    return undefined;
  }
}

function switchedOff(node: string): ClouderError {
  return new ClouderError("unsupported", `the kubelet of ${node} has no checkpoint endpoint`, {
    hint:
      "its gate ContainerCheckpoint is off: make the cluster with --checkpoint-gate, " +
      "or set checkpoint: false for that pool to go on without",
  });
}
