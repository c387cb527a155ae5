import { systemNamespace } from "#checkpoint/api/names";
import type { Clock } from "#core/clock";
import { ClouderError, hasCode } from "#core/error";
import { type Reporter, reportStep } from "#core/report";
import { waitFor } from "#core/retry";
import type { Kube } from "#kube/kube";
import { mutatingWebhookConfigurations, secrets } from "#kube/resources";
import { caSecretName, servingSecretName, webhookName } from "#webhook/api/names";
import { requestRotation } from "#webhook/certificates/rotate";
import { certificateMode } from "#webhook/install/configuration";
import { askReplicas, type Replica } from "#webhook/install/replicas";

export interface RotateContext {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/**
 * Asks the controller for new keys, and with `wait` waits until every replica serves the new
 * certificate. The API server trusts the old authority and the new one all the while.
 */
export async function rotateCertificate(
  { wait }: { readonly wait: boolean },
  { kube, clock, report, signal, timeoutMs }: RotateContext,
): Promise<readonly Replica[]> {
  await mustBeOwn(kube);
  const old = new Set((await askReplicas(kube)).map(fingerprint));
  await requestRotation(kube, clock.now());
  if (!wait) return askReplicas(kube);
  const step = { step: "rotate", title: "wait for the new certificate" };
  const hint = `kubectl -n ${systemNamespace} logs -l app.kubernetes.io/component=injection-controller`;
  return reportStep(report, step, () =>
    waitFor(
      "the new certificate being served",
      { timeoutMs, everyMs: 1_000, clock, signal, hint },
      async () => {
        const replicas = await askReplicas(kube);
        const done = replicas.filter((one) => one.status && !old.has(fingerprint(one))).length;
        const total = replicas.length;
        report({ type: "step-progress", step: step.step, done, total, unit: "items" });
        return total > 0 && done === total ? replicas : undefined;
      },
    ),
  );
}

/** Without our own authority there is nothing that the controller could renew. */
async function mustBeOwn(kube: Kube): Promise<void> {
  try {
    const configuration = await kube.get(mutatingWebhookConfigurations, { name: webhookName });
    if (certificateMode(configuration) === "own") {
      await kube.get(secrets, { namespace: systemNamespace, name: caSecretName });
      return;
    }
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    throw new ClouderError("not-found", "the webhook has no certificate authority of its own", {
      hint: "see kubectl clouder webhook status; install it: kubectl clouder webhook install",
      cause: error,
    });
  }
  throw new ClouderError("unsupported", "cert-manager makes the webhook's certificates", {
    hint: `ask it: cmctl renew -n ${systemNamespace} ${servingSecretName}`,
  });
}

function fingerprint({ status }: Replica): string | undefined {
  return status?.certificate.fingerprint;
}
