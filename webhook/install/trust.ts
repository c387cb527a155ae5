import { systemNamespace } from "#checkpoint/api/names";
import { ClouderError, hasCode } from "#core/error";
import { reportStep } from "#core/report";
import { waitFor } from "#core/retry";
import type { InstallContext } from "#kube/install/apply-objects";
import type { Kube } from "#kube/kube";
import { certificates, mutatingWebhookConfigurations, secrets } from "#kube/resources";
import { caSecretName, servingSecretName, webhookName } from "#webhook/api/names";
import { secretKeys } from "#webhook/certificates/state";
import type { Certificates } from "#webhook/install/settings";

/** All webhooks of the configuration that is there have a caBundle, whoever wrote it. */
export async function hasBundle(kube: Kube): Promise<boolean> {
  const bundles = await bundlesOf(kube);
  return bundles.length > 0 && bundles.every((bundle) => bundle !== "");
}

/** Waits until API servers trust the authority of who makes the certificates now. */
export async function untilTrusted(
  { mode }: Certificates,
  { kube, clock, report, signal, timeoutMs }: InstallContext,
): Promise<void> {
  const step = { step: "webhook-trusted", title: "wait for the webhook's certificate authority" };
  const hint =
    mode === "own"
      ? `kubectl -n ${systemNamespace} logs -l app.kubernetes.io/component=injection-controller`
      : "does cert-manager's cainjector run? kubectl get pods -A -l app.kubernetes.io/name=cainjector";
  await reportStep(report, step, () =>
    waitFor(
      "the caBundle in the webhook's configuration",
      { timeoutMs, everyMs: 500, clock, signal, hint },
      async () => {
        const authority = await authorityOf(mode, kube);
        const bundles = authority.length === 0 ? [] : await bundlesOf(kube);
        const trusts = (bundle: string) => {
          const trusted = certificatesIn(bundle);
          return authority.every((one) => trusted.includes(one));
        };
        return bundles.length > 0 && bundles.every(trusts) ? true : undefined;
      },
    ),
  );
}

/** Waits until cert-manager has made the certificate, without which no replica becomes ready. */
export async function untilIssued({
  kube,
  clock,
  report,
  signal,
  timeoutMs,
}: InstallContext): Promise<void> {
  const step = { step: "webhook-certificate", title: "wait for cert-manager's certificate" };
  const hint = `kubectl -n ${systemNamespace} describe certificates,certificaterequests`;
  let said = "";
  try {
    await reportStep(report, step, () =>
      waitFor(
        "the webhook's certificate being issued",
        { timeoutMs, everyMs: 500, clock, signal, hint },
        async () => {
          const { status } = await kube.get(certificates, servingName);
          const ready = status?.conditions?.find(({ type }) => type === "Ready");
          said = ready?.message ?? "cert-manager says nothing about it: does it run?";
          return ready?.status === "True" ? true : undefined;
        },
      ),
    );
  } catch (error) {
    if (!hasCode(error, "timeout")) throw error;
    throw new ClouderError("timeout", `${error.message}: ${said}`, { hint, cause: error });
  }
}

/** Before anything is made: without its kinds nothing of cert-manager is there. */
export async function mustHaveCertManager(kube: Kube): Promise<void> {
  try {
    await kube.list(certificates, { namespace: systemNamespace });
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    throw new ClouderError("not-found", "the cluster has no cert-manager", {
      hint: "install it first (cert-manager.io), or let the webhook make its own: --certificates own",
      cause: error,
    });
  }
}

const servingName = { namespace: systemNamespace, name: servingSecretName } as const;

/** The certificates that a caBundle has to hold; none while there are none. */
async function authorityOf(mode: Certificates["mode"], kube: Kube): Promise<readonly string[]> {
  const [name, key] =
    mode === "own" ? [caSecretName, secretKeys.certificate] : [servingSecretName, "ca.crt"];
  const secret = await orUndefined(kube.get(secrets, { namespace: systemNamespace, name }));
  return certificatesIn(decoded(secret?.data?.[key]));
}

/** Without their lines: cainjector writes certificates anew. */
function certificatesIn(pem: string): readonly string[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g);
  return [...blocks].map(([, base64 = ""]) => base64.replace(/\s/g, ""));
}

async function bundlesOf(kube: Kube): Promise<readonly string[]> {
  const found = await orUndefined(kube.get(mutatingWebhookConfigurations, { name: webhookName }));
  return (found?.webhooks ?? []).map(({ clientConfig }) => decoded(clientConfig.caBundle));
}

function decoded(base64: string | undefined): string {
  return Buffer.from(base64 ?? "", "base64").toString("utf8");
}

async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (hasCode(error, "not-found")) return undefined;
    throw error;
  }
}
