import { mebibytes, type BenchRow } from "#test/bench/row";
import type { ClientAnswer } from "#test/fakes/create-client";
import { longCommand } from "#test/fakes/simulated-machines";
import { createSshWorld } from "#test/fakes/ssh-world";

/**
 * How long the long commands of a node take here, rounded down from the logs of machines of the
 * `local` provider on a quiet host: all that a create takes beyond them is ours.
 */
const nodeMs: Readonly<Record<string, number>> = {
  packages: 8000,
  restart: 1000,
  images: 6000,
  proof: 2000,
  "kubeadm init": 10_000,
  "kubeadm join": 5000,
};

/** The bootstrap's own share of a create: hosts are ssh2's servers, nodes' long commands are waits. */
export async function bootstrapRows(): Promise<readonly BenchRow[]> {
  const six = await measured(6, 3);
  const [one, hundred] = [await measured(2), await measured(101)];
  const own = six.first.milliseconds - six.busyMs;
  const perHost = (hundred.first.cpuMs - one.first.cpuMs) / 99;
  return [
    {
      what: "create on 3 + 3 hosts, beyond the nodes' own commands",
      ours: seconds(own),
      peer: `a node is at work for ${seconds(six.busyMs)}`,
      figure: own / 1000,
      bar: "< 5 s",
      met: own < 5000,
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
      what: "processor time of this side for one worker more",
      ours: `${perHost.toFixed(0)} ms`,
      peer: `${((hundred.commands - one.commands) / 99).toFixed(0)} commands`,
      figure: perHost,
      bar: "(no bar)",
      met: true,
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
  /** Of the first create, on all hosts. */
  readonly commands: number;
}

async function measured(hosts: number, planes = 1): Promise<Measured> {
  let [running, since, busyMs] = [0, 0, 0];
  const pace = async (_host: number, argv: readonly string[]) => {
    const kind = longCommand(argv);
    if (kind === undefined) return;
    if (running === 0) since = performance.now();
    running += 1;
    await new Promise((resolve) => setTimeout(resolve, nodeMs[kind] ?? 0));
    running -= 1;
    if (running === 0) busyMs += performance.now() - since;
  };
  await using world = await createSshWorld({ hosts, planes, pace });
  const first = await world.create();
  if (first.changed !== true) throw new Error(first.error?.message ?? "nothing was made");
  const [busy, { commands }] = [busyMs, { ...world.fleet.counts }];
  const second = await world.create();
  if (second.changed !== false) throw new Error(second.error?.message ?? "something was changed");
  return { first, second, busyMs: busy, commands };
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
