import { fieldManager } from "#checkpoint/api/names";
import { type Applied, applyObjects, type InstallContext } from "#kube/install/apply-objects";
import { removeObjects } from "#kube/install/remove-objects";
import { waitForRollouts } from "#kube/install/rollout";
import type { KubeObject } from "#kube/kube";
import { injectionControllerName } from "#webhook/api/names";
import { webhookConfiguration } from "#webhook/install/configuration";
import {
  certificateObject,
  webhookDataObjects,
  webhookProgramObjects,
} from "#webhook/install/objects";
import type { WebhookSettings } from "#webhook/install/settings";
import { hasBundle, mustHaveCertManager, untilIssued, untilTrusted } from "#webhook/install/trust";

export interface WebhookInstallOptions {
  readonly wait: boolean;
}

/**
 * Installs or updates the webhook. Idempotent. A configuration that the API server cannot use yet (no
 * caBundle, no replica) would refuse every pod with failurePolicy Fail: so programs come first, then
 * the configuration with Ignore, and Fail only once the caBundle is in it.
 */
export async function installWebhook(
  settings: WebhookSettings,
  { wait }: WebhookInstallOptions,
  context: InstallContext,
): Promise<readonly Applied[]> {
  const applied = await installPrograms(settings, wait, context);
  const wanted = webhookConfiguration(settings);
  const trusted = () => untilTrusted(settings.certificates, context);
  if (settings.failurePolicy === "Ignore" || (await hasBundle(context.kube))) {
    const last = await configure(wanted, context);
    if (wait) await trusted();
    return [...applied, ...last];
  }
  const first = await configure(
    webhookConfiguration({ ...settings, failurePolicy: "Ignore" }),
    context,
  );
  if (!wait) {
    context.report({ type: "note", level: "warn", message: waitsForFail });
    return [...applied, ...first];
  }
  await trusted();
  await configure(wanted, context);
  return [...applied, ...first];
}

const waitsForFail =
  "failurePolicy stays Ignore until the webhook is ready: run the same command again then";

async function installPrograms(
  settings: WebhookSettings,
  wait: boolean,
  context: InstallContext,
): Promise<readonly Applied[]> {
  const programs = [...webhookDataObjects(), ...webhookProgramObjects(settings)];
  const apply = (objects: readonly KubeObject[]) =>
    applyObjects(objects, { fieldManager, wait: false }, context);
  if (settings.certificates.mode === "own") {
    // Of an installation before: cert-manager and our controller would write one Secret in turns.
    await removeObjects([certificateObject(anyIssuer)], context.kube);
    const applied = await apply(programs);
    if (wait) await waitForRollouts(programs, context);
    return applied;
  }
  await mustHaveCertManager(context.kube);
  const certificates = programs.filter(({ kind }) => kind === "Certificate");
  const others = programs.filter(({ kind }) => kind !== "Certificate");
  const first = await apply(others);
  // A controller that still makes certificates of its own must have ended, for the same reason.
  const isController = ({ metadata }: KubeObject) => metadata.name === injectionControllerName;
  if (wait) await waitForRollouts(others.filter(isController), context);
  const applied = [...first, ...(await apply(certificates))];
  if (!wait) return applied;
  // A replica is ready with a certificate only: what keeps that away is worth its own words.
  await untilIssued(context);
  await waitForRollouts(others, context);
  return applied;
}

/** The object's name and kind are all that counts when it is removed. */
const anyIssuer = { kind: "Issuer", name: "any" } as const;

async function configure(object: KubeObject, context: InstallContext): Promise<readonly Applied[]> {
  return applyObjects([object], { fieldManager, wait: false }, context);
}
