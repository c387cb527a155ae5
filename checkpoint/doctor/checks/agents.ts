import type { NodeFacts } from "#checkpoint/api/types";
import { factsAgeMs, staleAfterMs } from "#checkpoint/api/node-facts";
import {
  type CheckGroup,
  fail,
  type Finding,
  nodeSubject,
  ok,
  type Patient,
} from "#checkpoint/doctor/check";

/** Each node has an agent that speaks, and what that agent finds wrong there. */
export const agents: CheckGroup = {
  name: "agents",
  perNode: true,
  run: (patient) =>
    eachNode(patient, (facts) => [
      ok(nodeSubject(facts.nodeName), "agent", `version ${facts.agentVersion}`),
      ...facts.problems.map(({ name, level, message, cure }) => ({
        subject: nodeSubject(facts.nodeName),
        check: name,
        level,
        message,
        cure,
      })),
    ]),
};

/** Runs `look` on the fresh facts of each node; a silent agent is one finding of "agents". */
export async function eachNode(
  patient: Patient,
  look: (facts: NodeFacts) => readonly Finding[],
): Promise<readonly Finding[]> {
  const [nodes, facts] = await Promise.all([patient.nodes(), patient.facts()]);
  return nodes.flatMap(({ metadata: { name } }) => {
    const known = facts.get(name);
    if (!known) {
      return [
        fail(
          nodeSubject(name),
          "agent",
          "no agent has told anything about the node",
          `kubectl -n clouder-system get pods -o wide --field-selector spec.nodeName=${name}; kubectl clouder install`,
        ),
      ];
    }
    if (factsAgeMs(known, patient.now) > staleAfterMs) {
      return [
        fail(
          nodeSubject(name),
          "agent",
          `its agent has been silent since ${known.observedAt}`,
          `kubectl -n clouder-system logs -l app.kubernetes.io/component=agent --field-selector spec.nodeName=${name}`,
        ),
      ];
    }
    return look(known);
  });
}

/** As `eachNode`, for groups beside "agents", which has told about silent ones already. */
export async function eachSpeakingNode(
  patient: Patient,
  look: (facts: NodeFacts) => readonly Finding[],
): Promise<readonly Finding[]> {
  const [nodes, facts] = await Promise.all([patient.nodes(), patient.facts()]);
  return nodes.flatMap(({ metadata: { name } }) => {
    const known = facts.get(name);
    return known && factsAgeMs(known, patient.now) <= staleAfterMs ? look(known) : [];
  });
}
