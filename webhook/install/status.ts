import { systemNamespace } from "#checkpoint/api/names";
import { hasCode } from "#core/error";
import type { Kube } from "#kube/kube";
import { deployments, mutatingWebhookConfigurations } from "#kube/resources";
import { injectionControllerName, webhookName } from "#webhook/api/names";
import { certificateMode } from "#webhook/install/configuration";
import { askReplicas, type Replica } from "#webhook/install/replicas";
import type { Certificates } from "#webhook/install/settings";

/** What `webhook status` shows. */
export interface InstalledWebhook {
  /** Absent: the API server calls nobody. */
  readonly configuration?: {
    readonly failurePolicy: string;
    readonly timeoutSeconds: number;
    /** False: the API server trusts no certificate yet. */
    readonly trusted: boolean;
    readonly certificates: Certificates["mode"];
  };
  readonly replicas: readonly Replica[];
  /** Whatever keeps a pod from being injected, or soon may. */
  readonly problems: readonly string[];
}

/** A certificate is renewed with a third of its life left: less than a tenth is late. */
const lateShare = 0.1;

/** Looks at the configuration, at every replica and whether the controller runs; changes nothing. */
export async function webhookStatus(kube: Kube, now: number): Promise<InstalledWebhook> {
  const [configuration, replicas] = await Promise.all([readConfiguration(kube), askReplicas(kube)]);
  if (!configuration && replicas.length === 0) return { replicas, problems: [notInstalled] };
  const problems = [
    ...configurationProblems(configuration),
    ...(replicas.length === 0 ? ["no replica runs"] : []),
    ...replicas.flatMap((replica) => replicaProblems(replica, now)),
    ...(await controllerProblems(kube)),
  ];
  return { ...(configuration ? { configuration } : {}), replicas, problems };
}

const notInstalled = "the webhook is not installed: kubectl clouder webhook install";

async function readConfiguration(kube: Kube): Promise<InstalledWebhook["configuration"]> {
  try {
    const found = await kube.get(mutatingWebhookConfigurations, { name: webhookName });
    const [webhook] = found.webhooks ?? [];
    if (!webhook) return undefined;
    return {
      failurePolicy: webhook.failurePolicy ?? "Fail",
      timeoutSeconds: webhook.timeoutSeconds ?? 10,
      trusted: (webhook.clientConfig.caBundle ?? "") !== "",
      certificates: certificateMode(found),
    };
  } catch (error) {
    if (hasCode(error, "not-found")) return undefined;
    throw error;
  }
}

function configurationProblems(configuration: InstalledWebhook["configuration"]): string[] {
  if (!configuration) {
    return ["there is no configuration, so nobody is called: kubectl clouder webhook install"];
  }
  return configuration.trusted ? [] : ["the configuration has no caBundle: no call can succeed"];
}

function replicaProblems({ pod, status, problem }: Replica, now: number): string[] {
  if (!status) return [`${pod}: ${problem ?? "unknown"}`];
  const { ready, notReady, certificate } = status;
  const begin = Date.parse(certificate.notBefore);
  const end = Date.parse(certificate.notAfter);
  const late = end - now < (end - begin) * lateShare;
  const when = end <= now ? "ended" : "ends";
  return [
    ...(ready ? [] : [`${pod} is not ready: ${notReady.join(", ")}`]),
    ...(late ? [`${pod}: the certificate ${when} at ${certificate.notAfter}`] : []),
  ];
}

/** Nothing of it is seen in a pod's creation until a certificate ends or a home is missing. */
async function controllerProblems(kube: Kube): Promise<readonly string[]> {
  const name = { namespace: systemNamespace, name: injectionControllerName };
  const does = "it renews certificates, makes homes and tells which Secrets there are";
  try {
    const { status } = await kube.get(deployments, name);
    return (status?.readyReplicas ?? 0) > 0 ? [] : [`no ${name.name} is ready: ${does}`];
  } catch (error) {
    if (hasCode(error, "not-found")) return [`there is no ${name.name}: ${does}`];
    // Who may ask the webhook's pods need not be allowed to see its Deployments.
    if (hasCode(error, "denied")) return [];
    throw error;
  }
}
