import { type Applied, type InstallContext } from "#kube/install/apply-objects";
import type { Removed } from "#kube/install/remove-objects";
import type { KubeObject } from "#kube/kube";
import { install } from "#checkpoint/install/install";
import { installObjects } from "#checkpoint/install/objects";
import type { InstallSettings } from "#checkpoint/install/settings";
import { uninstall, type UninstallContext } from "#checkpoint/install/uninstall";
import { installWebhook } from "#webhook/install/install";
import { webhookInstallObjects } from "#webhook/install/objects";
import type { WebhookSettings } from "#webhook/install/settings";
import { uninstallWebhook } from "#webhook/install/uninstall";

export interface Installation {
  readonly programs: InstallSettings;
  /** Absent: without the webhook; one that is there is left as it is. */
  readonly webhook: WebhookSettings | undefined;
}

/** Everything that `install` applies; what both parts need comes once. */
export function allObjects({ programs, webhook }: Installation): readonly KubeObject[] {
  const objects = installObjects(programs);
  if (!webhook) return objects;
  return [...objects, ...webhookInstallObjects(webhook).filter(({ kind }) => kind !== "Namespace")];
}

/** Agents and controllers first: without them the webhook's preset has no runtime to name. */
export async function installAll(
  { programs, webhook }: Installation,
  options: { readonly wait: boolean },
  context: InstallContext,
): Promise<readonly Applied[]> {
  const applied = await install(programs, options, context);
  if (!webhook) return applied;
  const more = await installWebhook(webhook, options, context);
  return [...applied, ...more.filter(({ object }) => !object.startsWith("namespace/"))];
}

/** The webhook first: what is removed after it must not be what pods wait for. */
export async function uninstallAll(
  options: { readonly purge: boolean },
  context: UninstallContext,
): Promise<readonly Removed[]> {
  const webhook = await uninstallWebhook(options, context);
  return [...webhook, ...(await uninstall(options, context))];
}
