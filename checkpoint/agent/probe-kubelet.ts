import type { NodeFacts } from "#checkpoint/api/types";
import type { KubeletCheckpoint } from "#checkpoint/engine/kubelet";
import { isClouderError } from "#core/error";

/**
 * Whether the kubelet's checkpoint endpoint is there and lets us in, without a dump: it is asked for a
 * pod that cannot exist, and "no such pod" is the good answer.
 */
export async function probeKubelet(
  kubelet: KubeletCheckpoint,
): Promise<NodeFacts["problems"][number] | undefined> {
  try {
    await kubelet.checkpoint("clouder-system", "clouder-probe", "none", { timeoutSeconds: 10 });
    return undefined;
  } catch (error) {
    if (!isClouderError(error)) throw error;
    if (error.code === "not-found") return undefined;
    const cure = error.hint ?? "look at the kubelet's log on the node";
    return { name: "kubelet-route", level: "fail", message: error.message, cure };
  }
}
