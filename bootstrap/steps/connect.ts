import { createGate, type Gate } from "#bootstrap/plans/gate";
import { openHostLog } from "#bootstrap/nodes/host-log";
import { loggedAccess } from "#bootstrap/nodes/logged-access";
import { nodeAccessDrivers } from "#bootstrap/nodes/registry";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import type { Machine } from "#bootstrap/providers/provider";
import type { Node, PlanContext, Step } from "#bootstrap/steps/step";
import { ClouderError, isClouderError } from "#core/error";
import { loadDriver } from "#core/registry";
import { retry } from "#core/retry";

/** A connection to every machine, each as soon as it answers. */
export const connect: Step = {
  id: "connect",
  title: "connect to the machine",
  scope: "machine",
  needs: ["machines"],
  gives: ["nodes"],
  preview: () => ["ssh to every machine, its host key pinned"],
  run: async (context, _facts, machine) => {
    await context.provider.awaitMachine?.(context, machine);
    return { facts: { nodes: [await connectNode(context, machine)] } };
  },
};

type Logging = Pick<PlanContext, "folder" | "clock" | "report">;

/** A connection to one machine, with all that is done there in its log. */
export async function connectNode(context: PlanContext, machine: Machine): Promise<Node> {
  const access = await connectTo(context, machine, handshakes);
  return logged(context, { machine, access });
}

/** From here on, what is done on a machine stands in its log. */
function logged({ folder, clock, report }: Logging, { machine, access }: Node): Node {
  const log = openHostLog(folder, machine.name, report);
  return { machine, access: loggedAccess(access, log, clock) };
}

/** Handshakes are this side's work: more at once would only time each other out. */
const handshakes = createGate(32);
const patienceMs = 25_000;

/** Connects to all or none; the error names every machine that could not be reached, with its cause. */
export async function connectAll(
  context: Pick<PlanContext, "clock" | "signal">,
  all: readonly Machine[],
): Promise<readonly Node[]> {
  const results = await Promise.allSettled(
    all.map(async (machine) => ({
      machine,
      access: await connectTo(context, machine, handshakes),
    })),
  );
  const failed = results.flatMap((one) =>
    one.status === "rejected" ? [one.reason as unknown] : [],
  );
  const nodes = results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (failed.length === 0) return nodes;
  await Promise.all(nodes.map(({ access }) => access.close()));
  throw oneOf(failed);
}

/** The same for what changes machines: it stands in the log of each. */
export async function connectLogged(
  context: Logging & Pick<PlanContext, "signal">,
  all: readonly Machine[],
): Promise<readonly Node[]> {
  return (await connectAll(context, all)).map((node) => logged(context, node));
}

async function connectTo(
  { clock, signal }: Pick<PlanContext, "clock" | "signal">,
  { name, reach }: Machine,
  gate: Gate,
): Promise<NodeAccess> {
  const driver = await loadDriver(nodeAccessDrivers, "node access", reach.access);
  let started = 0;
  // One that refuses may be starting; one that lets us wait for an answer has been given enough time.
  const when = (error: unknown) =>
    isClouderError(error) && error.retryable && performance.now() - started < patienceMs;
  return await retry(
    { attempts: 6, firstDelayMs: 500, maxDelayMs: 5000, when },
    clock,
    () =>
      gate(() => {
        started ||= performance.now();
        return driver.connect(name, reach, signal);
      }),
    signal,
  );
}

/** One error for all; a bug of ours is told before anything else. */
function oneOf(errors: readonly unknown[]): unknown {
  const expected = errors.filter(isClouderError);
  const [first] = expected;
  if (!first || expected.length < errors.length || errors.length === 1) {
    return errors.find((one) => !isClouderError(one)) ?? first;
  }
  return new ClouderError(first.code, expected.map(({ message }) => message).join("; "), {
    ...(first.hint !== undefined && { hint: first.hint }),
    retryable: expected.every(({ retryable }) => retryable),
    cause: first,
  });
}
