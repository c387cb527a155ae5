import { fieldManager } from "#checkpoint/api/names";
import { hasCode } from "#core/error";
import { reportStep } from "#core/report";
import { waitFor } from "#core/retry";
import { type Applied, applyObjects, type InstallContext } from "#kube/install/apply-objects";
import type { Kube, KubeObject } from "#kube/kube";
import { mutatingWebhookConfigurations } from "#kube/resources";
import { webhookName } from "#webhook/api/names";
import { webhookConfiguration } from "#webhook/install/configuration";
import { webhookDataObjects, webhookProgramObjects } from "#webhook/install/objects";
import type { WebhookSettings } from "#webhook/install/settings";

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
  const options = { fieldManager, wait };
  const programs = [...webhookDataObjects(), ...webhookProgramObjects(settings)];
  const applied = await applyObjects(programs, options, context);
  const wanted = webhookConfiguration(settings);
  if (settings.failurePolicy === "Ignore" || (await isTrusted(context.kube))) {
    const last = await configure(wanted, context);
    if (wait) await untilTrusted(context);
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
  await untilTrusted(context);
  await configure(wanted, context);
  return [...applied, ...first];
}

const waitsForFail =
  "failurePolicy stays Ignore until the webhook is ready: run the same command again then";

async function configure(object: KubeObject, context: InstallContext): Promise<readonly Applied[]> {
  return applyObjects([object], { fieldManager, wait: false }, context);
}

/** All webhooks of the configuration that is there have a caBundle. */
async function isTrusted(kube: Kube): Promise<boolean> {
  try {
    const { webhooks = [] } = await kube.get(mutatingWebhookConfigurations, { name: webhookName });
    return webhooks.every(({ clientConfig }) => (clientConfig.caBundle ?? "") !== "");
  } catch (error) {
    if (hasCode(error, "not-found")) return false;
    throw error;
  }
}

async function untilTrusted({
  kube,
  clock,
  report,
  signal,
  timeoutMs,
}: InstallContext): Promise<void> {
  const step = { step: "webhook-trusted", title: "wait for the webhook's certificate authority" };
  const hint = "kubectl -n clouder-system logs -l app.kubernetes.io/component=injection-controller";
  await reportStep(report, step, () =>
    waitFor(
      "the caBundle in the webhook's configuration",
      { timeoutMs, everyMs: 500, clock, signal, hint },
      async () => ((await isTrusted(kube)) ? true : undefined),
    ),
  );
}
