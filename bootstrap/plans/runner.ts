import { applies, createCount, type Count } from "#bootstrap/plans/count";
import { createGate, type Gate } from "#bootstrap/plans/gate";
import { chooseSteps, orderSteps, type StepChoice } from "#bootstrap/plans/order";
import { logsFolder } from "#bootstrap/nodes/host-log";
import type { Facts, Node, PlanContext, Step, StepOutcome } from "#bootstrap/steps/step";
import { ClouderError, isClouderError, messageOf, throwIfCancelled } from "#core/error";

export interface RunPlanOptions extends StepChoice {
  /** Node steps at work at the same time; default 128: machines work, this side waits. */
  readonly parallel?: number;
}

export interface StepTiming {
  readonly step: string;
  readonly host?: string;
  readonly milliseconds: number;
  readonly skipped?: string;
}

export interface PlanResult {
  readonly facts: Partial<Facts>;
  readonly timings: readonly StepTiming[];
}

/**
 * Runs a plan as a graph: a step starts as soon as the steps it stands on are done; a node step
 * follows another node step machine by machine, without a barrier. After a failure nothing new
 * starts, what is under way ends, and all failures are told in one error. Connections are closed
 * in any case.
 */
export async function runPlan(
  plan: readonly Step[],
  context: PlanContext,
  options: RunPlanOptions = {},
): Promise<PlanResult> {
  const steps = chooseSteps(plan, options);
  const order = orderSteps(plan);
  const run: Run = {
    context,
    facts: {},
    timings: [],
    failures: [],
    gate: createGate(options.parallel ?? 128),
    count: createCount(order.map(({ step }) => step).filter(({ id }) => steps.has(id))),
  };
  const work = new Map<string, StepWork>();
  let nodesKnown = Promise.resolve();
  for (const { step, after } of order) {
    const stands = after.map((id) => work.get(id)).filter((one) => one !== undefined);
    const chosen = steps.has(step.id);
    const one = chosen ? startStep(run, step, stands, nodesKnown) : passedOver(stands);
    work.set(step.id, one);
    if (step.gives.includes("nodes")) nodesKnown = one.all;
  }
  await Promise.all([...work.values()].map(({ all }) => all));
  await Promise.all((run.facts.nodes ?? []).map(({ access }) => access.close()));
  throwIfCancelled(context.signal);
  if (run.failures.length > 0) {
    tellLogs(run);
    throw planFailed(run.failures);
  }
  return { facts: run.facts, timings: run.timings };
}

interface Run {
  readonly context: PlanContext;
  readonly facts: Partial<Facts>;
  readonly timings: StepTiming[];
  readonly failures: { readonly where: string; readonly error: unknown }[];
  readonly gate: Gate;
  readonly count: Count;
}

/** Promises that never reject: failures are collected in the run. */
interface StepWork {
  readonly all: Promise<void>;
  /** Done for one machine; a cluster step is done for all at once. */
  forNode(node: Node): Promise<void>;
}

function passedOver(stands: readonly StepWork[]): StepWork {
  const all = allOf(stands);
  return { all, forNode: (node) => allOf(stands, node) };
}

async function allOf(stands: readonly StepWork[], node?: Node): Promise<void> {
  await Promise.all(stands.map((one) => (node ? one.forNode(node) : one.all)));
}

function startStep(
  run: Run,
  step: Step,
  stands: readonly StepWork[],
  nodesKnown: Promise<void>,
): StepWork {
  if (step.scope === "cluster") {
    const all = allOf(stands).then(() =>
      attempt(run, step, undefined, () => step.run(run.context, run.facts)),
    );
    return { all, forNode: () => all };
  }
  const perNode = new Map<string, Promise<void>>();
  const forNode = (node: Node): Promise<void> => {
    const known = perNode.get(node.machine.name);
    if (known) return known;
    const work = allOf(stands, node).then(() =>
      applies(step, node)
        ? run.gate(() => attempt(run, step, node, () => step.run(run.context, run.facts, node)))
        : undefined,
    );
    perNode.set(node.machine.name, work);
    return work;
  };
  const all = nodesKnown.then(async () => {
    await Promise.all((run.facts.nodes ?? []).map(forNode));
  });
  return { all, forNode };
}

async function attempt(
  run: Run,
  step: Step,
  node: Node | undefined,
  work: () => Promise<StepOutcome>,
): Promise<void> {
  if (run.failures.length > 0 || run.context.signal?.aborted) return;
  const { report, clock } = run.context;
  const about = {
    step: step.id,
    title: step.title,
    ...(node && { host: node.machine.name }),
  };
  const started = clock.now();
  report({ type: "step-started", ...about });
  try {
    const outcome = await work();
    Object.assign(run.facts, outcome.facts);
    const milliseconds = clock.now() - started;
    run.timings.push({
      step: step.id,
      ...(node && { host: node.machine.name }),
      milliseconds,
      ...(outcome.skipped !== undefined && { skipped: outcome.skipped }),
    });
    const totals = run.count.ended(step, run.facts.nodes);
    if (outcome.skipped === undefined) {
      report({ type: "step-done", ...about, milliseconds, totals });
    } else report({ type: "step-skipped", ...about, reason: outcome.skipped, totals });
  } catch (error) {
    run.failures.push({ where: node ? `${step.id} on ${node.machine.name}` : step.id, error });
    const totals = run.count.ended(step, run.facts.nodes);
    report({ type: "step-failed", ...about, error: messageOf(error), totals });
  }
}

/** Commands and their errors stand there in full. */
function tellLogs({ context, facts }: Run): void {
  if (!facts.nodes || facts.nodes.length === 0) return;
  const message = `what was done on each machine: ${logsFolder(context.folder)}`;
  context.report({ type: "note", level: "info", message });
}

function planFailed(failures: Run["failures"]): unknown {
  const [first] = failures;
  if (!first || !failures.every(({ error }) => isClouderError(error))) {
    return failures.find(({ error }) => !isClouderError(error))?.error;
  }
  const error = first.error as ClouderError;
  const message = failures.map((one) => `${one.where}: ${messageOf(one.error)}`).join("; ");
  return new ClouderError(error.code, message, {
    ...(error.hint !== undefined && { hint: error.hint }),
    details: { ...error.details, steps: failures.map(({ where }) => where) },
    cause: error,
  });
}
