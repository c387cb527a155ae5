import type { Kube } from "#kube/kube";
import { events, pods, type ContainerStatus, type Event, type Pod } from "#kube/resources";

/** Why something is not ready yet. */
export interface Reason {
  readonly text: string;
  /** Waiting rarely helps: an image that cannot be pulled. */
  readonly final: boolean;
  /** It was taken away: what is there is not what was applied. */
  readonly gone?: boolean;
}

/** Why pods are not ready: where, which image, and what the kubelet or scheduler said last. */
export async function podReasons(
  kube: Kube,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): Promise<readonly Reason[]> {
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const found = await kube.list(pods, { namespace, labelSelector });
  const waiting = found.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && !isReady(pod),
  );
  if (waiting.length === 0) return [];
  const warnings = await kube.list(events, { namespace, fieldSelector: "type=Warning" });
  return waiting.map((pod) => reasonOf(pod, warnings));
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}

/** The kubelet's words for an image that it cannot get. */
const imageReasons = /^(ErrImage|ImagePull|InvalidImageName|ErrImageNeverPull|RegistryUnavailable)/;

function reasonOf(pod: Pod, warnings: readonly Event[]): Reason {
  const where = `pod ${pod.metadata.name} on ${pod.spec.nodeName ?? "no node"}`;
  const statuses = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ];
  const image = withoutImage(pod, statuses, warnings);
  if (image !== undefined) return { text: `${where}: ${image}`, final: true };
  const said =
    notScheduled(pod) ?? lastEnd(statuses) ?? lastWarning(pod, warnings) ?? nowWaiting(statuses);
  return { text: `${where}: ${said}`, final: false };
}

function notScheduled({ status }: Pod): string | undefined {
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  return scheduled?.status === "False" ? (scheduled.message ?? "not scheduled") : undefined;
}

type Statuses = readonly ContainerStatus[];

function withoutImage(
  pod: Pod,
  statuses: Statuses,
  warnings: readonly Event[],
): string | undefined {
  const stuck = statuses.find(({ state }) => imageReasons.test(state?.waiting?.reason ?? ""));
  if (!stuck) return undefined;
  return `cannot pull ${stuck.image ?? "its image"}: ${pullMessage(pod, stuck, warnings)}`;
}

function lastEnd(statuses: Statuses): string | undefined {
  const ended = statuses.find(({ ready, lastState }) => ready !== true && lastState?.terminated);
  const last = ended?.lastState?.terminated;
  if (!ended || !last) return undefined;
  const said = last.message?.trim().split("\n").at(-1) ?? last.reason ?? "";
  return `container ${ended.name} ended with ${last.exitCode}: ${said}`;
}

function nowWaiting(statuses: Statuses): string {
  return statuses.find(({ ready }) => ready !== true)?.state?.waiting?.reason ?? "not ready yet";
}

/** While the kubelet backs off it says only that; the event has the cause. */
function pullMessage(pod: Pod, { state }: ContainerStatus, warnings: readonly Event[]): string {
  const own = state?.waiting?.message ?? "";
  const failed = warnings.findLast(
    (one) =>
      one.involvedObject.name === pod.metadata.name && one.message.startsWith("Failed to pull"),
  );
  const said = state?.waiting?.reason === "ImagePullBackOff" ? (failed?.message ?? own) : own;
  return said.replaceAll(/\s+/g, " ").trim();
}

function lastWarning(pod: Pod, warnings: readonly Event[]): string | undefined {
  const time = (one: Event) => one.lastTimestamp ?? one.metadata.creationTimestamp ?? "";
  const last = warnings
    .filter(({ involvedObject }) => involvedObject.name === pod.metadata.name)
    .toSorted((one, other) => time(one).localeCompare(time(other)))
    .at(-1);
  return last && `${last.reason}: ${last.message}`;
}
