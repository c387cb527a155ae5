import { fieldManager } from "#checkpoint/api/names";
import { installObjects } from "#checkpoint/install/objects";
import { imageName, installSettings } from "#checkpoint/install/settings";
import { ClouderError, hasCode } from "#core/error";
import { version } from "#core/version";
import { applyObjects, type Applied, type InstallContext } from "#kube/install/apply-objects";
import { nameOf, referenceOf, resourceOf } from "#kube/install/kinds";
import type { Kube, KubeObject } from "#kube/kube";

export interface TreatContext extends InstallContext {
  readonly confirm: (question: string) => Promise<boolean>;
}

/**
 * Applies the cures that change nothing that is there: objects of the installation that are absent
 * are made anew. Each is named and asked for; gives what was made.
 */
export async function treat(context: TreatContext): Promise<readonly Applied[]> {
  const settings = installSettings({ image: imageName(version) });
  const missing = await absent(installObjects(settings), context.kube);
  if (missing.length === 0) return [];
  const names = missing.map(referenceOf).join(", ");
  if (!(await context.confirm(`Make what is missing on ${context.kube.server}: ${names}?`))) {
    throw new ClouderError("cancelled", "nothing was made");
  }
  return applyObjects(missing, { fieldManager, wait: true }, context);
}

async function absent(objects: readonly KubeObject[], kube: Kube): Promise<readonly KubeObject[]> {
  const found = await Promise.all(
    objects.map((object) =>
      kube.get(resourceOf(object), nameOf(object)).catch((error: unknown) => {
        if (hasCode(error, "not-found")) return undefined;
        throw error;
      }),
    ),
  );
  return objects.filter((_, index) => found[index] === undefined);
}
