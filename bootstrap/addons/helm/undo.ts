import type { Addon } from "#bootstrap/addons/addon";
import type { AddonPlace } from "#bootstrap/addons/apply-addon";
import { at, type Helm } from "#bootstrap/addons/helm/helm";
import { helmFailed } from "#bootstrap/addons/helm/helm-failed";
import { messageOf } from "#core/error";
import { namespaces } from "#kube/resources";

interface Undo extends Omit<AddonPlace, "helm"> {
  readonly helm: Helm;
  /** Revision to go back to; absent: there was none. */
  readonly good: number | undefined;
  readonly hadNamespace: boolean;
}

/** Back to what was there before a failure; what cannot be taken back is told. */
export async function undoRelease(
  addon: Addon,
  { kube, folder, helm, report, good, hadNamespace }: Undo,
): Promise<void> {
  try {
    if (good !== undefined) await rollBack(addon, good, helm, folder);
    else {
      await uninstall(addon, helm, folder);
      if (!hadNamespace) await kube.remove(namespaces, { name: addon.namespace });
    }
  } catch (error) {
    const message = `${addon.name} could not be taken back: ${messageOf(error)}`;
    report({ type: "note", level: "warn", message });
  }
}

/** Brings a release back to a revision of it. */
export async function rollBack(
  addon: Addon,
  revision: number,
  helm: Helm,
  folder: string,
): Promise<void> {
  const args = ["rollback", addon.release, String(revision), ...at(addon, folder)];
  const done = await helm.run(args);
  if (done.status !== 0) throw helmFailed(addon, done.stderr);
}

/** Removes a release and waits until its objects are gone; one that is not there is no error. */
export async function uninstall(addon: Addon, helm: Helm, folder: string): Promise<void> {
  const flags = ["--ignore-not-found", "--wait", ...at(addon, folder)];
  const done = await helm.run(["uninstall", addon.release, ...flags]);
  if (done.status !== 0) throw helmFailed(addon, done.stderr);
}
