import { mebibytes, type BenchRow } from "#test/bench/row";
import type { ClientAnswer } from "#test/fakes/create-client";
import { longCommand } from "#test/fakes/simulated-machines";
import { createSshWorld } from "#test/fakes/ssh-world";

/** How long each long command of a node takes here: all that the others take is ours. */
const nodeMs = 2000;

/** The bootstrap's own share of a create: hosts are ssh2's servers, nodes' long commands are waits. */
export async function bootstrapRows(): Promise<readonly BenchRow[]> {
  const [six, one, hundred] = [await measured(6), await measured(2), await measured(101)];
  return [
    {
      what: "create on 6 hosts, beyond the nodes' own commands",
      ours: seconds(six.first.milliseconds - six.busyMs),
      peer: `a node is at work for ${seconds(six.busyMs)}`,
      figure: (six.first.milliseconds - six.busyMs) / 1000,
      bar: "< 5 s",
      met: six.first.milliseconds - six.busyMs < 5000,
    },
    {
      what: "create on 100 workers against 1",
      ours: seconds(hundred.first.milliseconds),
      peer: `1 worker: ${seconds(one.first.milliseconds)}`,
      figure: hundred.first.milliseconds / one.first.milliseconds,
      bar: "<= 1.25 (the servers of all hosts share these processors)",
      met: hundred.first.milliseconds <= 1.25 * one.first.milliseconds,
    },
    {
      what: "second create on 100 workers, nothing to do",
      ours: seconds(hundred.second.milliseconds),
      peer: `memory: ${mebibytes(hundred.second.rssBytes)}`,
      figure: hundred.second.milliseconds / 1000,
      bar: "<= 10 s",
      met: hundred.second.milliseconds <= 10_000,
    },
  ];
}

interface Measured {
  readonly first: ClientAnswer;
  readonly second: ClientAnswer;
  /** Time in which a long command was running on some host. */
  readonly busyMs: number;
}

async function measured(hosts: number): Promise<Measured> {
  let [running, since, busyMs] = [0, 0, 0];
  const pace = async (_host: number, argv: readonly string[]) => {
    if (longCommand(argv) === undefined) return;
    if (running === 0) since = performance.now();
    running += 1;
    await new Promise((resolve) => setTimeout(resolve, nodeMs));
    running -= 1;
    if (running === 0) busyMs += performance.now() - since;
  };
  await using world = await createSshWorld({ hosts, pace });
  const first = await world.create();
  if (first.changed !== true) throw new Error(first.error?.message ?? "nothing was made");
  const busy = busyMs;
  const second = await world.create();
  if (second.changed !== false) throw new Error(second.error?.message ?? "something was changed");
  return { first, second, busyMs: busy };
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
