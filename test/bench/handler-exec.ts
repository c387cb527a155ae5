import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { nodePaths } from "#checkpoint/api/names";

/** Runs on the node: the same `exec` through runc and through the shim in turn, so that load hits both. */
const script = `
const { spawnSync } = require("node:child_process");
const [runc, shim, id, rounds, ...command] = process.argv.slice(2);
const argv = ["--root", "/run/containerd/runc/k8s.io", "--log", "/dev/null", "exec", id, ...command];
const times = { [runc]: [], [shim]: [] };
for (let round = 0; round < Number(rounds); round += 1) {
  for (const program of [runc, shim]) {
    const started = process.hrtime.bigint();
    const { status, stderr } = spawnSync(program, argv);
    if (status !== 0) throw new Error(program + ": " + stderr);
    times[program].push(Number(process.hrtime.bigint() - started) / 1e6);
  }
}
const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
console.log(JSON.stringify({ runc: median(times[runc]), shim: median(times[shim]) }));
`;

export interface ExecTimes {
  /** Medians in milliseconds. */
  readonly runc: number;
  readonly shim: number;
}

/** Bar: shim - runc <= 3 ms. `command` must exist in the container. */
export async function measureExec(
  node: NodeAccess,
  containerID: string,
  options: { readonly command: readonly string[]; readonly rounds: number; readonly runc?: string },
): Promise<ExecTimes> {
  const { command, rounds, runc = "/usr/sbin/runc" } = options;
  const { stdout } = await node.run(
    [nodePaths.node, "-", runc, nodePaths.shim, containerID, String(rounds), ...command],
    { stdin: script },
  );
  return JSON.parse(stdout) as ExecTimes;
}
