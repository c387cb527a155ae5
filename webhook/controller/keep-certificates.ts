import { messageOf } from "#core/error";
import type { KubeObject, Resource } from "#kube/kube";
import { mutatingWebhookConfigurations, secrets } from "#kube/resources";
import { webhookName } from "#webhook/api/names";
import type { RotationSettings } from "#webhook/certificates/plan-rotation";
import { rotateCertificates } from "#webhook/certificates/rotate";
import { authorityName, servingName } from "#webhook/certificates/state";
import { createBell } from "#core/bell";
import { follow, type FollowContext } from "#webhook/world/follow";

/** Looked at this often even when nothing is heard: watches may be late. */
const tickMs = 60_000;
const retryMs = 5_000;

/**
 * Keeps certificates and caBundle in order until the signal aborts: at the times they are due, and
 * whenever somebody touches the two Secrets or the webhook configuration.
 */
export async function keepCertificates(
  context: FollowContext,
  settings: RotationSettings,
): Promise<void> {
  const { clock, log, signal } = context;
  const bell = createBell();
  const listen = (resource: Resource, name: string, namespace?: string) =>
    follow<KubeObject>(context, {
      resource,
      options: {
        fieldSelector: `metadata.name=${name}`,
        ...(namespace === undefined ? {} : { namespace }),
      },
      reset: bell.ring,
      set: bell.ring,
      unset: bell.ring,
    });
  const feeds = [
    listen(mutatingWebhookConfigurations, webhookName),
    listen(secrets, authorityName.name, authorityName.namespace),
    listen(secrets, servingName.name, servingName.namespace),
  ];
  let pause = 0;
  while (await bell.wait(pause, clock, signal)) {
    try {
      const until = await rotateCertificates({ ...context, settings });
      pause = Math.min(tickMs, Math.max(1_000, until - clock.now()));
    } catch (error) {
      pause = retryMs;
      log({ level: "warn", message: `certificates: ${messageOf(error)}` });
      // Not before: what rings may be the one who writes against us.
      await clock.sleep(retryMs / 5, signal).catch(() => undefined);
    }
  }
  await Promise.all(feeds.map(({ ended }) => ended));
}
