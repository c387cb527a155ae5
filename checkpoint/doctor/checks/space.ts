import { pods } from "#kube/resources";
import { amountsOf, podRequests } from "#checkpoint/controller/placement";
import { eachSpeakingNode } from "#checkpoint/doctor/checks/agents";
import { type CheckGroup, nodeSubject, ok, warn } from "#checkpoint/doctor/check";
import type { Pod } from "#kube/objects";

/** How often a dump lies on the node at once; see the reference of the engine's room check. */
const copiesPlain = 4;
const copiesDiverted = 1.1;

/** A dump of the node's largest pod would fit, and no old archives fill the disk. */
export const space: CheckGroup = {
  name: "space",
  perNode: true,
  run: async (patient) => {
    const running = await patient.kube.list(pods, { fieldSelector: "status.phase=Running" });
    return eachSpeakingNode(
      patient,
      ({ nodeName, freeBytes, checkpointBytes, pagesDivertible }) => {
        const subject = nodeSubject(nodeName);
        const here = running.filter(({ spec }) => spec.nodeName === nodeName);
        const largest = Math.max(0, ...here.map(memoryOf));
        const needed = largest * (pagesDivertible ? copiesDiverted : copiesPlain);
        const room =
          freeBytes >= needed
            ? ok(subject, "space", `${gib(freeBytes)} free, the largest pod needs ${gib(needed)}`)
            : warn(
                subject,
                "space",
                `only ${gib(freeBytes)} free, a dump of the largest pod may need ${gib(needed)}`,
                "free room on the node's disk, or give it a larger one",
              );
        if (checkpointBytes < 2 ** 30) return [room];
        const message = `${gib(checkpointBytes)} of archives lie under /var/lib/kubelet/checkpoints`;
        const cure = "remove what no running checkpoint needs; ours are deleted after the upload";
        return [room, warn(subject, "archives", message, cure)];
      },
    );
  },
};

/** What the pod may hold: its memory limits, else its requests. */
function memoryOf({ spec }: Pod): number {
  const limits = spec.containers.map((container) => {
    const resources = container["resources"] as
      { readonly limits?: Readonly<Record<string, string>> } | undefined;
    return amountsOf(resources?.limits)["memory"] ?? 0;
  });
  const limit = limits.reduce((sum, bytes) => sum + bytes, 0);
  return Math.max(limit, podRequests(spec)["memory"] ?? 0);
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
