import { hasCode } from "#core/error";
import type { Kube } from "#kube/kube";
import { mutatingWebhookConfigurations } from "#kube/resources";
import { webhookName } from "#webhook/api/names";
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

/** Looks at the configuration and at every replica; changes nothing. */
export async function webhookStatus(kube: Kube, now: number): Promise<InstalledWebhook> {
  const [configuration, replicas] = await Promise.all([readConfiguration(kube), askReplicas(kube)]);
  const problems = [
    ...configurationProblems(configuration),
    ...(replicas.length === 0 ? ["no replica runs"] : []),
    ...replicas.flatMap((replica) => replicaProblems(replica, now)),
  ];
  return { ...(configuration ? { configuration } : {}), replicas, problems };
}

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
  if (!configuration) return ["the webhook is not installed: kubectl clouder webhook install"];
  return configuration.trusted ? [] : ["the configuration has no caBundle: no call can succeed"];
}

function replicaProblems({ pod, status, problem }: Replica, now: number): string[] {
  if (!status) return [`${pod}: ${problem ?? "unknown"}`];
  const { ready, notReady, certificate } = status;
  const begin = Date.parse(certificate.notBefore);
  const end = Date.parse(certificate.notAfter);
  const late = end - now < (end - begin) * lateShare;
  return [
    ...(ready ? [] : [`${pod} is not ready: ${notReady.join(", ")}`]),
    ...(late ? [`${pod}: the certificate ends at ${certificate.notAfter}`] : []),
  ];
}
