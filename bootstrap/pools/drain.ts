import type { Surroundings } from "#bootstrap/create-cluster";
import { ClouderError } from "#core/error";
import { waitFor } from "#core/retry";
import { nodes, pods, type Pod } from "#kube/resources";
import type { Kube } from "#kube/kube";

export interface DrainOptions {
  /** How long pods may take to go; 0 is without end. */
  readonly timeoutMs: number;
  /** Pods that cannot be evicted in time, or that nobody makes anew, are deleted. */
  readonly force: boolean;
}

/**
 * Empties a node by the eviction API, so that every disruption budget is kept; pods of DaemonSets
 * and static pods stay. Without `force` nothing is lost that a controller does not make anew, and
 * the error names the budget that holds a pod. Finalizers are never touched.
 */
export async function drainNode(
  kube: Kube,
  name: string,
  options: DrainOptions,
  around: Pick<Surroundings, "report" | "clock" | "signal">,
): Promise<void> {
  await kube.patch(nodes, { name }, { spec: { unschedulable: true } });
  const bare = (await podsToGo(kube, name)).filter((pod) => !hasController(pod));
  if (bare.length > 0 && !options.force) {
    throw new ClouderError("refused", `nobody makes ${bare.map(shown).join(", ")} anew`, {
      hint: `checkpoint and delete them, or use --force, which loses them; ${uncordonHint(name)}`,
    });
  }
  const blocked = new Map<string, string>();
  try {
    await waitFor(
      `that ${name} is empty`,
      {
        timeoutMs: options.timeoutMs === 0 ? Number.MAX_SAFE_INTEGER : options.timeoutMs,
        everyMs: 2000,
        clock: around.clock,
        signal: around.signal,
      },
      async () => {
        const left = await podsToGo(kube, name);
        for (const pod of left) await evict(kube, pod, blocked, around);
        return left.length === 0 ? true : undefined;
      },
    );
  } catch (error) {
    if (!(error instanceof ClouderError) || error.code !== "timeout") throw error;
    const left = await podsToGo(kube, name);
    if (options.force) await deleteAll(kube, left, around);
    else if (left.length > 0) throw notEmpty(name, left, blocked, error);
  }
}

async function podsToGo(kube: Kube, node: string): Promise<readonly Pod[]> {
  const all = await kube.list(pods, { fieldSelector: `spec.nodeName=${node}` });
  return all.filter(
    ({ metadata, status }) =>
      metadata.annotations?.["kubernetes.io/config.mirror"] === undefined &&
      metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet") !== true &&
      status?.phase !== "Succeeded" &&
      status?.phase !== "Failed",
  );
}

const hasController = ({ metadata }: Pod) =>
  metadata.ownerReferences?.some(({ controller }) => controller === true) === true;

const shown = ({ metadata }: Pod) => `${metadata.namespace ?? ""}/${metadata.name}`;

async function evict(
  kube: Kube,
  pod: Pod,
  blocked: Map<string, string>,
  { report, signal }: Pick<Surroundings, "report" | "signal">,
): Promise<void> {
  if (pod.metadata.deletionTimestamp !== undefined) return;
  const { name, namespace = "", uid } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  const body = JSON.stringify({
    ...{ apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } },
    deleteOptions: { preconditions: { uid } },
  });
  const answer = await kube.raw("POST", path, { body, ...(signal && { signal }) });
  if (answer.status < 300 || [404, 409].includes(answer.status)) {
    blocked.delete(shown(pod));
    return;
  }
  const why = reasonOf(answer.body);
  if (answer.status !== 429) {
    throw new ClouderError("refused", `${shown(pod)} cannot be evicted: ${why}`, {
      hint: "look at the pod: kubectl describe pod",
    });
  }
  if (blocked.get(shown(pod)) !== why) {
    report({ type: "note", level: "warn", message: `${shown(pod)} has to stay for now: ${why}` });
  }
  blocked.set(shown(pod), why);
}

interface Status {
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly message?: string }[] };
}

/** The API server names the budget in a cause: "The disruption budget web needs 2 healthy pods …". */
function reasonOf(body: string): string {
  try {
    const { details, message } = JSON.parse(body) as Status;
    const causes = (details?.causes ?? []).flatMap((one) => one.message ?? []);
    const text = causes.length > 0 ? causes.join("; ") : (message ?? body);
    return text.replace(/^The /, "the ");
  } catch {
    return body.slice(0, 200);
  }
}

async function deleteAll(
  kube: Kube,
  left: readonly Pod[],
  { report }: Pick<Surroundings, "report">,
): Promise<void> {
  for (const pod of left) {
    const { name, namespace, uid } = pod.metadata;
    const message = `${shown(pod)} is deleted, whatever its disruption budget says (--force)`;
    report({ type: "note", level: "warn", message });
    await kube.remove(
      pods,
      { name, ...(namespace !== undefined && { namespace }) },
      { ...(uid !== undefined && { uid }), gracePeriodSeconds: 0 },
    );
  }
}

function notEmpty(
  name: string,
  left: readonly Pod[],
  blocked: ReadonlyMap<string, string>,
  cause: ClouderError,
): ClouderError {
  const reasons = left.map((pod) => {
    const why = blocked.get(shown(pod));
    return why === undefined ? `${shown(pod)} does not end` : `${shown(pod)}: ${why}`;
  });
  return new ClouderError("timeout", `${name} is not empty: ${reasons.join("; ")}`, {
    hint: `give it more time with --timeout, or delete these pods with --force; ${uncordonHint(name)}`,
    details: { pods: left.map(shown) },
    cause,
  });
}

function uncordonHint(name: string): string {
  return `to keep the node: kubectl uncordon ${name}`;
}
