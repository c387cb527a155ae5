import { systemNamespace } from "#checkpoint/api/names";
import { ClouderError } from "#core/error";
import { componentLabels } from "#kube/install/labels";
import type { Kube } from "#kube/kube";
import type { Pod } from "#kube/objects";
import { pods } from "#kube/resources";
import { webhookComponent, webhookPort } from "#webhook/install/workloads";
import type { WebhookStatus } from "#webhook/server/status";

/** One pod of the webhook with what it says of itself, or why nothing is known. */
export interface Replica {
  readonly pod: string;
  readonly node: string | undefined;
  readonly status?: WebhookStatus;
  readonly problem?: string;
}

/** Asks each replica by way of the API server, with the caller's own rights; sorted by name. */
export async function askReplicas(kube: Kube): Promise<readonly Replica[]> {
  const labels = Object.entries(componentLabels(webhookComponent));
  const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(",");
  const found = await kube.list(pods, { namespace: systemNamespace, labelSelector });
  const living = found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const replicas = await Promise.all(living.map((pod) => askReplica(pod, kube)));
  return replicas.sort((a, b) => (a.pod < b.pod ? -1 : 1));
}

async function askReplica(pod: Pod, kube: Kube): Promise<Replica> {
  const { name } = pod.metadata;
  const replica = { pod: name, node: pod.spec.nodeName };
  if (pod.status?.phase !== "Running") {
    return { ...replica, problem: `the pod is ${pod.status?.phase ?? "not scheduled"}` };
  }
  const path = `/api/v1/namespaces/${systemNamespace}/pods/https:${name}:${String(webhookPort)}/proxy/admin/status`;
  const { status, body } = await kube.raw("GET", path);
  if (status === 403) {
    throw new ClouderError("denied", "you may not ask the webhook's pods", {
      hint: `it takes get on pods/proxy in the namespace ${systemNamespace}`,
    });
  }
  if (status !== 200) return { ...replica, problem: `no answer (HTTP ${String(status)})` };
  return { ...replica, status: JSON.parse(body) as WebhookStatus };
}
