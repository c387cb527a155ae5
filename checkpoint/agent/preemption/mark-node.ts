import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "#core/clock";
import { hasCode } from "#core/error";
import { retry } from "#core/retry";
import type { Kube } from "#kube/kube";
import { events, nodes, type Node } from "#kube/resources";
import { annotations, taints } from "#checkpoint/api/names";
import type { NoticeHook, PreemptionNotice } from "#checkpoint/agent/preemption/notice";

export interface MarkedNode {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly nodeName: string;
}

/** Another writer of the node's taints came in between. */
const conflicts = { attempts: 5, firstDelayMs: 50, maxDelayMs: 1_000 };

/**
 * Keeps new pods away from a node that is about to go, and says when: a taint, annotations, an Event.
 * Takes them back once no notice stands, as for a machine that was stopped and started again.
 */
export function markNode(around: MarkedNode): NoticeHook {
  const { kube, clock, nodeName } = around;
  return {
    name: "mark-node",
    take: async (notices) => {
      await retry(conflicts, clock, async () => {
        const node = await kube.get(nodes, { name: nodeName });
        const patch = changeOf(node, gravest(notices));
        if (patch) await kube.patch(nodes, { name: nodeName }, patch);
      });
      for (const notice of notices) await recordEvent(around, notice);
    },
  };
}

function gravest(notices: readonly PreemptionNotice[]): PreemptionNotice | undefined {
  const rank = ({ kind, deadline = Infinity }: PreemptionNotice) =>
    kind === "interruption" ? deadline : Infinity;
  const sorted = notices.toSorted((one, other) => rank(one) - rank(other) || 0);
  return sorted.find(({ kind }) => kind === "interruption") ?? sorted[0];
}

/** The patch that makes the node say so; undefined when it does. */
function changeOf(node: Node, notice: PreemptionNotice | undefined): object | undefined {
  const { kind, deadline } = notice ?? {};
  const present = node.spec.taints ?? [];
  const wanted = [
    ...present.filter(({ key }) => key !== taints.preemption),
    ...(kind === undefined
      ? []
      : [
          {
            ...{ key: taints.preemption, value: kind },
            effect: kind === "interruption" ? "NoSchedule" : "PreferNoSchedule",
          },
        ]),
  ];
  const marks = {
    [annotations.preemption]: kind ?? null,
    [annotations.preemptionDeadline]:
      deadline === undefined ? null : new Date(deadline).toISOString(),
  };
  const known = node.metadata.annotations ?? {};
  const marked = Object.entries(marks).every(([key, value]) => (known[key] ?? null) === value);
  const shape = (list: readonly Pick<(typeof present)[number], "key" | "value">[]) =>
    list.map((one) => JSON.stringify(one, ["key", "value", "effect"])).sort();
  if (marked && isDeepStrictEqual(shape(present), shape(wanted))) return undefined;
  return {
    // Taints are a list that others write, too.
    metadata: { resourceVersion: node.metadata.resourceVersion, annotations: marks },
    spec: { taints: wanted },
  };
}

/** One Event for each notice, however often it is told. */
async function recordEvent(
  { kube, clock, nodeName }: MarkedNode,
  notice: PreemptionNotice,
): Promise<void> {
  const now = clock.now();
  const time = new Date(now).toISOString();
  const id = createHash("sha256").update(notice.id).digest("hex").slice(0, 16);
  const urgent = notice.kind === "interruption";
  try {
    await kube.create(events, {
      apiVersion: "v1",
      kind: "Event",
      // Events of nodes are where the kubelet's are.
      metadata: { name: `${nodeName}.preemption-${id}`, namespace: "default" },
      involvedObject: { apiVersion: "v1", kind: "Node", name: nodeName, uid: nodeName },
      source: { component: "clouder-agent", host: nodeName },
      ...{ firstTimestamp: time, lastTimestamp: time, count: 1 },
      type: urgent ? "Warning" : "Normal",
      reason: urgent ? "PreemptionNotice" : "RebalanceRecommendation",
      message: messageOf(notice, now),
    });
  } catch (error) {
    if (!hasCode(error, "exists")) throw error;
  }
}

function messageOf({ kind, action, deadline }: PreemptionNotice, now: number): string {
  if (kind === "rebalance") return "the cloud says that this machine is likely to be taken away";
  if (deadline === undefined) return `the cloud takes this machine away (${action})`;
  const left = Math.max(0, Math.round((deadline - now) / 1000));
  const at = new Date(deadline).toISOString();
  return `the cloud takes this machine away (${action}) in ${left} s, at ${at}`;
}
