import type { Kube } from "#kube/kube";
import { readWorld } from "#checkpoint/controller/world";
import { type CheckGroup, fail, type Finding, type Patient } from "#checkpoint/doctor/check";
import { checkGroups } from "#checkpoint/doctor/registry";
import type { Clock } from "#core/clock";
import { ClouderError, isClouderError, throwIfCancelled } from "#core/error";
import type { Reporter } from "#core/report";

export interface ExamineContext {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

/** Looks at every prerequisite; a group that cannot look is a finding, not the end. */
export async function examine(
  options: { readonly namespace: string; readonly nodeName?: string | undefined },
  context: ExamineContext,
  groups: readonly CheckGroup[] = checkGroups,
): Promise<readonly Finding[]> {
  const patient = await admit(options, context);
  const wanted = groups.filter(({ perNode }) => perNode || options.nodeName === undefined);
  const findings: Finding[] = [];
  for (const [index, group] of wanted.entries()) {
    throwIfCancelled(context.signal);
    findings.push(...(await look(group, patient)));
    const [done, total] = [index + 1, wanted.length];
    context.report({ type: "step-progress", step: "doctor", done, total, unit: "items" });
  }
  return findings;
}

async function admit(
  { namespace, nodeName }: { readonly namespace: string; readonly nodeName?: string | undefined },
  { kube, clock, signal }: ExamineContext,
): Promise<Patient> {
  const world = readWorld(kube);
  if (nodeName !== undefined) {
    const nodes = await world.nodes();
    if (!nodes.has(nodeName)) {
      throw new ClouderError("not-found", `there is no node "${nodeName}"`, {
        hint: `use one of: ${[...nodes.keys()].join(", ")}`,
      });
    }
  }
  return {
    kube,
    now: clock.now(),
    signal,
    namespace,
    nodes: async () =>
      [...(await world.nodes()).values()].filter(
        ({ metadata }) => nodeName === undefined || metadata.name === nodeName,
      ),
    facts: () => world.facts(),
  };
}

async function look(group: CheckGroup, patient: Patient): Promise<readonly Finding[]> {
  try {
    return await group.run(patient);
  } catch (error) {
    if (!isClouderError(error) || error.code === "cancelled") throw error;
    const cure = error.hint ?? "see the message";
    return [fail("cluster", group.name, `could not look: ${error.message}`, cure)];
  }
}
