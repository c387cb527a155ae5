import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { noPackages } from "#bootstrap/packages/none";
import type { Provider } from "#bootstrap/providers/provider";
import { loadSpec } from "#bootstrap/spec/load";
import type { FactName, Facts, Node, PlanContext, Step, StepOutcome } from "#bootstrap/steps/step";
import { systemClock } from "#core/clock";
import type { ReportEvent } from "#core/report";

/** A machine that runs nothing; `closed` tells whether its connection was ended. */
export function emptyNode(
  name: string,
  role: "control-plane" | "worker",
): Node & { closed: boolean } {
  const unused = () => Promise.reject(new Error(`${name} runs nothing`));
  const node = {
    closed: false,
    machine: {
      ...{ name, role, pool: "workers", privateAddress: "10.0.0.1" },
      reach: { access: "local" as const },
    },
    access: {
      ...{ host: name, run: unused, readFile: unused, writeFile: unused, upload: unused },
      close: () => {
        node.closed = true;
        return Promise.resolve();
      },
    } satisfies NodeAccess,
  };
  return node;
}

/** What reaches these machines, one by one; `connect` decides when, and whether, each answers. */
export function reaching(
  nodes: readonly Node[],
  connect: (name: string) => Promise<unknown> = () => Promise.resolve(),
): readonly Step[] {
  return [
    clusterStep("machines", { gives: ["machines"] }, () =>
      Promise.resolve({ facts: { machines: nodes.map(({ machine }) => machine) } }),
    ),
    {
      ...base("connect", { needs: ["machines"], gives: ["nodes"] }),
      scope: "machine",
      run: async (_context, _facts, { name }) => {
        await connect(name);
        return { facts: { nodes: nodes.filter(({ machine }) => machine.name === name) } };
      },
    },
  ];
}

export function contextFor(report: (event: ReportEvent) => void = () => undefined): PlanContext {
  return {
    spec: loadSpec({
      flags: { name: "lab" },
      defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
    }),
    folder: "/nowhere",
    uid: "uid",
    provider: undefined as unknown as Provider,
    packages: noPackages,
    report,
    clock: systemClock,
  };
}

interface Wiring {
  readonly needs?: readonly FactName[];
  readonly gives?: readonly FactName[];
  readonly after?: readonly string[];
  readonly everywhere?: readonly string[];
}

const base = (id: string, wiring: Wiring) => ({
  id,
  title: `do ${id}`,
  needs: wiring.needs ?? [],
  gives: wiring.gives ?? [],
  ...(wiring.after && { after: wiring.after }),
  ...(wiring.everywhere && { everywhere: wiring.everywhere }),
  preview: () => [`preview of ${id}`],
});

export function clusterStep(
  id: string,
  wiring: Wiring,
  run: (facts: Partial<Facts>) => Promise<StepOutcome> = () => Promise.resolve({}),
): Step {
  return { ...base(id, wiring), scope: "cluster", run: (_context, facts) => run(facts) };
}

export function nodeStep(
  id: string,
  wiring: Wiring & { readonly on?: "control-plane" | "workers" },
  run: (node: Node) => Promise<StepOutcome>,
): Step {
  return {
    ...base(id, { ...wiring, needs: ["nodes", ...(wiring.needs ?? [])] }),
    ...(wiring.on && { on: wiring.on }),
    scope: "node",
    run: (_context, _facts, node) => run(node),
  };
}
