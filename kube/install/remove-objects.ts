import type { Kube, KubeObject } from "#kube/kube";
import { nameOf, referenceOf, resourceOf } from "#kube/install/kinds";
import { isOurs } from "#kube/install/labels";
import { ClouderError, hasCode } from "#core/error";

export interface Removed {
  readonly object: string;
  readonly outcome: "removed" | "absent" | "kept";
  readonly reason?: string;
}

/** Removes what is there and ours, in the given order; `refused` for an object of somebody else. */
export async function removeObjects(
  objects: readonly KubeObject[],
  kube: Kube,
): Promise<readonly Removed[]> {
  const removed: Removed[] = [];
  for (const object of objects) {
    const resource = resourceOf(object);
    const found = await kube.get(resource, nameOf(object)).catch((error: unknown) => {
      if (hasCode(error, "not-found")) return undefined;
      throw error;
    });
    if (found && !isOurs(found)) {
      throw new ClouderError("refused", `${referenceOf(object)} was not made by kubectl clouder`, {
        hint: "remove or rename it by hand",
      });
    }
    if (found) await kube.remove(resource, nameOf(object));
    removed.push({ object: referenceOf(object), outcome: found ? "removed" : "absent" });
  }
  return removed;
}
