import { fieldManager } from "#checkpoint/api/names";
import { installObjects } from "#checkpoint/install/objects";
import type { InstallSettings } from "#checkpoint/install/settings";
import { applyObjects } from "#kube/install/apply-objects";
import type { Applied, InstallContext } from "#kube/install/apply-objects";

/** Applies everything and, with `wait`, waits until agents and controllers are ready. Idempotent. */
export function install(
  settings: InstallSettings,
  { wait }: { readonly wait: boolean },
  context: InstallContext,
): Promise<readonly Applied[]> {
  return applyObjects(installObjects(settings), { fieldManager, wait }, context);
}
