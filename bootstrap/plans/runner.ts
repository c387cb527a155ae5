import { applies, createCount, type Count } from "#bootstrap/plans/count";
import { planFailed, type Failure } from "#bootstrap/plans/failures";
import { createGate, type Gate } from "#bootstrap/plans/gate";
import { chooseSteps, orderSteps, type StepChoice } from "#bootstrap/plans/order";
import { logsFolder } from "#bootstrap/nodes/host-log";
import type { Machine } from "#bootstrap/providers/provider";
import type { Facts, PlanContext, Step, StepOutcome } from "#bootstrap/steps/step";
import { ClouderError, messageOf, throwIfCancelled } from "#core/error";

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
 * Runs a plan as a graph: a step starts as soon as the steps it stands on are done; a step of a
 * machine follows another one machine by machine, without a barrier. What fails on a machine ends
 * the work on that machine and all that stands on all of them; the others go on as far as they can
 * without it, and all failures are told in one error. After the failure of a step of the cluster
 * nothing new starts. Connections are closed in any case.
 */
export async function runPlan(
  plan: readonly Step[],
  context: PlanContext,
  options: RunPlanOptions = {},
): Promise<PlanResult> {
  const steps = chooseSteps(plan, options);
  const order = orderSteps(plan);
  const run: Run = {
    ...{ context, facts: {}, timings: [], failures: [], stopped: false, lost: new Set() },
    gate: createGate(options.parallel ?? 128),
    count: createCount(order.map(({ step }) => step).filter(({ id }) => steps.has(id))),
  };
  const work = new Map<string, StepWork>();
  let machinesKnown = Promise.resolve(true);
  for (const { step, after } of order) {
    const stands = after.flatMap((id) => {
      const one = work.get(id);
      return one && step.everywhere?.includes(id) ? [forAll(one.all)] : (one ?? []);
    });
    const chosen = steps.has(step.id);
    const one = chosen ? startStep(run, step, stands, machinesKnown) : passedOver(stands);
    work.set(step.id, one);
    if (step.gives.includes("machines")) machinesKnown = one.all;
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
  readonly failures: Failure[];
  /** A step of the cluster has failed. */
  stopped: boolean;
  /** Machines on which a step has failed. */
  readonly lost: Set<string>;
  readonly gate: Gate;
  readonly count: Count;
}

/** Promises that never reject: they tell whether the work is done, failures are collected in the run. */
interface StepWork {
  readonly all: Promise<boolean>;
  /** Done for one machine; a cluster step is done for all at once. */
  forMachine(machine: Machine): Promise<boolean>;
}

function passedOver(stands: readonly StepWork[]): StepWork {
  return { all: allOf(stands), forMachine: (machine) => allOf(stands, machine) };
}

function forAll(all: Promise<boolean>): StepWork {
  return { all, forMachine: () => all };
}

async function allOf(stands: readonly StepWork[], machine?: Machine): Promise<boolean> {
  const done = stands.map((one) => (machine ? one.forMachine(machine) : one.all));
  return (await Promise.all(done)).every(Boolean);
}

function startStep(
  run: Run,
  step: Step,
  stands: readonly StepWork[],
  machinesKnown: Promise<boolean>,
): StepWork {
  if (step.scope === "cluster") {
    const work = () => attempt(run, step, undefined, () => step.run(run.context, run.facts));
    const all = allOf(stands).then((stand) => (stand ? work() : false));
    return forAll(all);
  }
  const perMachine = new Map<string, Promise<boolean>>();
  const forMachine = (machine: Machine): Promise<boolean> => {
    const known = perMachine.get(machine.name);
    if (known) return known;
    const work = allOf(stands, machine).then((stand) =>
      stand && applies(step, machine) ? onMachine(run, step, machine) : stand,
    );
    perMachine.set(machine.name, work);
    return work;
  };
  const all = machinesKnown.then(async (known) => {
    const done = await Promise.all((run.facts.machines ?? []).map(forMachine));
    return known && done.every(Boolean);
  });
  return { all, forMachine };
}

function onMachine(
  run: Run,
  step: Exclude<Step, { readonly scope: "cluster" }>,
  machine: Machine,
): Promise<boolean> {
  const { context, facts, gate } = run;
  if (step.scope === "machine") {
    return attempt(run, step, machine, () => step.run(context, facts, machine));
  }
  return gate(() =>
    attempt(run, step, machine, () => {
      const node = facts.nodes?.find((one) => one.machine.name === machine.name);
      if (!node) throw new ClouderError("internal", `${step.id} on a machine that nobody reached`);
      return step.run(context, facts, node);
    }),
  );
}

/** True when the step is done; a failure is noted. */
async function attempt(
  run: Run,
  step: Step,
  machine: Machine | undefined,
  work: () => Promise<StepOutcome>,
): Promise<boolean> {
  if (run.stopped || run.context.signal?.aborted) return false;
  if (machine && run.lost.has(machine.name)) return false;
  const { report, clock } = run.context;
  const host = machine && { host: machine.name };
  const about = { step: step.id, title: step.title, ...host };
  const started = clock.now();
  report({ type: "step-started", ...about });
  try {
    const outcome = await work();
    learn(run, step, outcome);
    const { skipped } = outcome;
    const milliseconds = clock.now() - started;
    run.timings.push({
      ...{ step: step.id, ...host, milliseconds },
      ...(skipped !== undefined && { skipped }),
    });
    const totals = run.count.ended(step, run.facts.machines);
    if (skipped === undefined) report({ type: "step-done", ...about, milliseconds, totals });
    else report({ type: "step-skipped", ...about, reason: skipped, totals });
    return true;
  } catch (error) {
    run.failures.push({ where: machine ? `${step.id} on ${machine.name}` : step.id, error });
    if (machine) run.lost.add(machine.name);
    else run.stopped = true;
    const totals = run.count.ended(step, run.facts.machines);
    report({ type: "step-failed", ...about, error: messageOf(error), totals });
    return false;
  }
}

/** What is found machine by machine is kept in the order of the machines: the first one leads. */
function learn({ facts }: Run, step: Step, { facts: found = {} }: StepOutcome): void {
  if (step.scope === "cluster") {
    Object.assign(facts, found);
    return;
  }
  const place = new Map((facts.machines ?? []).map(({ name }, index) => [name, index]));
  const inOrder = <T>(all: readonly T[], nameOf: (one: T) => string) =>
    all.toSorted((one, other) => (place.get(nameOf(one)) ?? 0) - (place.get(nameOf(other)) ?? 0));
  const { hosts = [] } = facts;
  // A machine that was rebooted is reached anew.
  const reached = new Set(found.nodes?.map(({ machine }) => machine.name));
  const nodes = (facts.nodes ?? []).filter(({ machine }) => !reached.has(machine.name));
  Object.assign(facts, {
    ...(found.nodes && { nodes: inOrder([...nodes, ...found.nodes], (one) => one.machine.name) }),
    ...(found.hosts && { hosts: inOrder([...hosts, ...found.hosts], (one) => one.name) }),
  });
}

/** Commands and their errors stand there in full. */
function tellLogs({ context, facts }: Run): void {
  if (!facts.nodes || facts.nodes.length === 0) return;
  const message = `what was done on each machine: ${logsFolder(context.folder)}`;
  context.report({ type: "note", level: "info", message });
}
