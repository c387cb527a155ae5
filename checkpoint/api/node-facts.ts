import type { ConfigMap } from "#kube/objects";
import type { NodeFacts } from "#checkpoint/api/types";

const prefix = "clouder-node-";

/** Facts older than this say nothing about the agent's readiness. */
export const staleAfterMs = 120_000;

/** Name of the ConfigMap in which the node's agent publishes its facts. */
export function factsName(nodeName: string): string {
  return `${prefix}${nodeName}`;
}

/** The facts in the ConfigMap; undefined when it is another one or unreadable. */
export function parseFacts(configMap: ConfigMap): NodeFacts | undefined {
  const text = configMap.data?.["facts.json"];
  if (!configMap.metadata.name.startsWith(prefix) || text === undefined) return undefined;
  try {
    const facts = JSON.parse(text) as NodeFacts;
    return facts.nodeName === configMap.metadata.name.slice(prefix.length) ? facts : undefined;
  } catch {
    return undefined;
  }
}

/** How long ago the agent looked; Infinity when it says nothing readable. */
export function factsAgeMs(facts: NodeFacts | undefined, now: number): number {
  const at = Date.parse(facts?.observedAt ?? "");
  return Number.isNaN(at) ? Infinity : Math.max(0, now - at);
}
