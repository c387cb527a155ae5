import { nodeAccessDrivers } from "#bootstrap/nodes/registry";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import type { Machine } from "#bootstrap/providers/provider";
import type { Node, PlanContext, Step } from "#bootstrap/steps/step";
import { loadDriver } from "#core/registry";
import { retry } from "#core/retry";

/** A connection to every machine. */
export const connect: Step = {
  id: "connect",
  title: "connect to the machines",
  scope: "cluster",
  needs: ["machines"],
  gives: ["nodes"],
  preview: () => ["ssh to every machine, its host key pinned"],
  run: async (context, facts) => ({
    facts: { nodes: await connectAll(context, facts.machines ?? []) },
  }),
};

/** Connects to all or none. */
export async function connectAll(
  context: Pick<PlanContext, "clock" | "signal">,
  all: readonly Machine[],
): Promise<readonly Node[]> {
  const results = await Promise.allSettled(
    all.map(async (machine) => ({ machine, access: await connectTo(context, machine) })),
  );
  const failed = results.find((one) => one.status === "rejected");
  const nodes = results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (!failed) return nodes;
  await Promise.all(nodes.map(({ access }) => access.close()));
  throw failed.reason;
}

async function connectTo(
  { clock, signal }: Pick<PlanContext, "clock" | "signal">,
  { name, reach }: Machine,
): Promise<NodeAccess> {
  const driver = await loadDriver(nodeAccessDrivers, "node access", reach.access);
  return await retry(
    { attempts: 6, firstDelayMs: 500, maxDelayMs: 5000 },
    clock,
    () => driver.connect(name, reach, signal),
    signal,
  );
}
