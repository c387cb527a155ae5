import { nodeAccessDrivers } from "#bootstrap/nodes/registry";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { measureCall, standstillProgram, type CallFigures } from "#test/bench/handler-call";
import { measureExec } from "#test/bench/handler-exec";
import { mebibytes, median, milliseconds, type BenchRow } from "#test/bench/row";
import { podOf } from "#test/e2e/pods";
import { podLog, type LabCluster } from "#test/lab/lab-cluster";

/** Rows measured on a node of a real cluster: freeze, kubelet call, bytes on the node, exec. */
export async function clusterRows(cluster: LabCluster, rounds = 5): Promise<readonly BenchRow[]> {
  const [node] = cluster.nodes;
  const access = await connect(cluster, node);
  try {
    const rows: BenchRow[] = [];
    for (const [heap, plain] of [
      [100, true],
      [1024, true],
      [4096, false],
    ] as const) {
      rows.push(...(await callRows(cluster, access, node, { heap, plain, rounds })));
    }
    return rows;
  } finally {
    await access.close();
  }
}

async function callRows(
  cluster: LabCluster,
  access: NodeAccess,
  node: string,
  size: { readonly heap: number; readonly plain: boolean; readonly rounds: number },
): Promise<readonly BenchRow[]> {
  const name = `bench-${size.heap}`;
  await cluster.apply(
    podOf(
      { name, node },
      {
        name: "server",
        image: "docker.io/clouder/python:1",
        command: [...standstillProgram(size.heap)],
      },
    ),
  );
  try {
    await until(async () => (await podLog(cluster, name, "server")).includes("ready"));
    const target = { namespace: "default", pod: name, container: "server" };
    const containerID = await containerIDOf(cluster, name);
    const token = await agentToken(cluster);
    const kubelet = "https://127.0.0.1:10250";
    const call = (armed: boolean) =>
      measureCall(access, { ...target, containerID }, { token, armed, kubelet });
    const armed: CallFigures[] = [];
    const plain: CallFigures[] = [];
    for (let round = 0; round < size.rounds; round += 1) {
      armed.push(await call(true));
      if (size.plain && round < 2) plain.push(await call(false));
    }
    const memory = size.heap * 2 ** 20;
    const rows = [freezeRow(size.heap, armed), timeRow(size.heap, armed, plain)];
    if (size.heap >= 1024) rows.push(bytesRow(size.heap, armed, memory));
    if (size.heap === 100) rows.push(await execRow(access, containerID));
    return rows;
  } finally {
    await cluster.kubectl(["delete", "pod", name, "--force", "--wait"]);
  }
}

function freezeRow(heap: number, calls: readonly CallFigures[]): BenchRow {
  const ours = median(calls.map(({ frozenMilliseconds = Number.NaN }) => frozenMilliseconds));
  const criu = median(calls.map(({ criuFrozenMilliseconds }) => criuFrozenMilliseconds));
  return {
    what: `freeze of a ${heap} MiB process`,
    ours: milliseconds(ours),
    peer: `CRIU's own frozen time: ${milliseconds(criu)}`,
    figure: ours / criu,
    bar: "<= 1.2",
    met: ours / criu <= 1.2,
  };
}

function timeRow(
  heap: number,
  ours: readonly CallFigures[],
  plain: readonly CallFigures[],
): BenchRow {
  const call = median(ours.map(({ callMilliseconds }) => callMilliseconds));
  const dump = median(ours.map(({ criuDumpMilliseconds }) => criuDumpMilliseconds));
  const other =
    plain.length === 0
      ? ""
      : `; plain call ${milliseconds(median(plain.map(({ callMilliseconds }) => callMilliseconds)))}`;
  const large = heap >= 1024;
  return {
    what: `kubelet call, ${heap} MiB process`,
    ours: milliseconds(call),
    peer: `CRIU's dump: ${milliseconds(dump)}${other}`,
    figure: call / dump,
    bar: large ? "<= 1.4" : "(no bar below 1 GiB)",
    met: !large || call / dump <= 1.4,
  };
}

function bytesRow(heap: number, calls: readonly CallFigures[], memory: number): BenchRow {
  const written = median(
    calls.map(({ archiveBytes, spooledBytes }) => archiveBytes + spooledBytes),
  );
  return {
    what: `bytes of the dump on the node, ${heap} MiB process`,
    ours: mebibytes(written),
    peer: `memory: ${mebibytes(memory)}`,
    figure: written / memory,
    bar: "<= 1.1",
    met: written / memory <= 1.1,
  };
}

async function execRow(access: NodeAccess, containerID: string): Promise<BenchRow> {
  const { runc, shim } = await measureExec(access, containerID, {
    command: ["/bin/true"],
    rounds: 41,
  });
  return {
    what: "exec through the shim",
    ours: milliseconds(shim),
    peer: `runc: ${milliseconds(runc)}`,
    figure: shim - runc,
    bar: "<= 3 ms more",
    met: shim - runc <= 3,
  };
}

async function connect(cluster: LabCluster, node: string): Promise<NodeAccess> {
  const driver = await nodeAccessDrivers.ssh.load();
  return driver.connect(node, await cluster.address(node));
}

async function containerIDOf(cluster: LabCluster, pod: string): Promise<string> {
  const path = "jsonpath={.status.containerStatuses[0].containerID}";
  const { stdout } = await cluster.kubectl(["get", "pod", pod, "-o", path]);
  return stdout.replace("containerd://", "");
}

async function agentToken(cluster: LabCluster): Promise<string> {
  const { stdout } = await cluster.kubectl([
    "create",
    "token",
    "clouder-agent",
    "-n",
    "clouder-system",
  ]);
  return stdout.trim();
}

async function until(probe: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await probe().catch(() => false))) {
    if (Date.now() > deadline) throw new Error("the program did not become ready");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
