import type { KubeObject } from "#kube/kube";
import type { DaemonSet, Deployment, Pod } from "#kube/objects";
import { customResourceDefinitions, daemonSets, deployments, pods } from "#kube/resources";
import type { InstallContext } from "#kube/install/apply-objects";
import { nameOf } from "#kube/install/kinds";
import { componentLabels, componentOf } from "#kube/install/labels";
import { ClouderError, hasCode } from "#core/error";
import { reportStep } from "#core/report";
import { waitFor } from "#core/retry";

export interface Rollout {
  readonly ready: number;
  readonly wanted: number;
  readonly done: boolean;
}

/** Waits until the API server serves our kinds. */
export async function waitForCrds(
  names: readonly string[],
  { kube, clock, signal }: InstallContext,
): Promise<void> {
  for (const name of names) {
    const hint = `kubectl describe crd ${name}`;
    const options = { timeoutMs: 60_000, everyMs: 250, clock, signal, hint };
    await waitFor(`the kind ${name} being served`, options, async () => {
      const now = await kube.get(customResourceDefinitions, { name });
      const established = now.status?.conditions?.find(({ type }) => type === "Established");
      return established?.status === "True" ? true : undefined;
    });
  }
}

/** Waits until every workload among the objects is up to date and ready. */
export async function waitForRollouts(
  objects: readonly KubeObject[],
  context: InstallContext,
): Promise<void> {
  for (const object of objects) {
    if (object.kind !== "DaemonSet" && object.kind !== "Deployment") continue;
    await waitForRollout(object, context);
  }
}

async function waitForRollout(object: KubeObject, context: InstallContext): Promise<void> {
  const { name } = object.metadata;
  const step = `rollout-${name}`;
  await reportStep(context.report, { step, title: `wait for ${name}` }, async () => {
    try {
      const { timeoutMs, clock, signal } = context;
      await waitFor(
        `${name} being ready`,
        { timeoutMs, everyMs: 1_000, clock, signal },
        async () => {
          const rollout = await readRollout(object, context);
          const { ready: done, wanted: total } = rollout;
          context.report({ type: "step-progress", step, done, total, unit: "items" });
          return rollout.done ? true : undefined;
        },
      );
    } catch (error) {
      if (!hasCode(error, "timeout")) throw error;
      throw await explained(error, object, context);
    }
  });
}

async function readRollout(object: KubeObject, { kube }: InstallContext): Promise<Rollout> {
  return object.kind === "DaemonSet"
    ? daemonSetRollout(await kube.get(daemonSets, nameOf(object)))
    : deploymentRollout(await kube.get(deployments, nameOf(object)));
}

/** How far a DaemonSet is; not done before its controller has seen the newest version. */
export function daemonSetRollout({ metadata, status = {} }: DaemonSet): Rollout {
  const wanted = status.desiredNumberScheduled ?? 0;
  const updated = status.updatedNumberScheduled ?? 0;
  const ready = Math.min(updated, status.numberReady ?? 0);
  const seen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 1);
  return { ready, wanted, done: seen && ready >= wanted && updated >= wanted };
}

/** How far a Deployment is; pods of an older version must be gone. */
export function deploymentRollout({ metadata, spec, status = {} }: Deployment): Rollout {
  const wanted = typeof spec["replicas"] === "number" ? spec["replicas"] : 1;
  const updated = status.updatedReplicas ?? 0;
  const ready = Math.min(updated, status.readyReplicas ?? 0);
  const seen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 1);
  const alone = (status.replicas ?? 0) <= updated;
  return { ready, wanted, done: seen && alone && ready >= wanted };
}

/** Adds what the pods wait for. */
async function explained(
  timeout: ClouderError,
  object: KubeObject,
  { kube }: InstallContext,
): Promise<ClouderError> {
  const { namespace = "" } = object.metadata;
  const labelSelector = Object.entries(componentLabels(componentOf(object.metadata.labels)))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const found = await kube.list(pods, {
    namespace,
    labelSelector,
  });
  const reasons = [...new Set(found.flatMap(waitReason))];
  return new ClouderError("timeout", [timeout.message, ...reasons.slice(0, 5)].join("; "), {
    hint: reasons.some((reason) => /ErrImage|ImagePull/.test(reason))
      ? "bring the image onto the nodes (kubectl clouder cluster load-image) or name another: --image"
      : `kubectl -n ${namespace} describe pods -l ${labelSelector}`,
    cause: timeout,
  });
}

function waitReason(pod: Pod): readonly string[] {
  const where = `pod ${pod.metadata.name} on ${pod.spec.nodeName ?? "no node"}`;
  const unscheduled = pod.status?.conditions?.find(
    ({ type, status }) => type === "PodScheduled" && status === "False",
  );
  if (unscheduled) return [`${where}: ${unscheduled.message ?? unscheduled.reason ?? "waits"}`];
  return (pod.status?.containerStatuses ?? []).flatMap(({ ready, state, lastState }) => {
    if (ready) return [];
    const last = lastState?.terminated;
    const why = state?.waiting?.reason ?? state?.terminated?.reason ?? "not ready yet";
    return [`${where}: ${why}${last ? ` (last exit code ${last.exitCode})` : ""}`];
  });
}
