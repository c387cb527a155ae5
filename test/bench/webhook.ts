import { execFileSync } from "node:child_process";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { servingNames } from "#webhook/certificates/facts";
import { makeAuthority, makeServing, type KeyPair } from "#webhook/certificates/make";
import { mebibytes, median, milliseconds, type BenchRow } from "#test/bench/row";
import { bundleServer, startServer, type BenchServer } from "#test/bench/webhook-child";
import { placeholder, runLoad, type Load } from "#test/bench/webhook-client";
import { notebookPod, reviewOf } from "#test/fixtures/reviews";

/**
 * The webhook as a process on one core, its load from the other: reviews of a 13 KB pod that get 17
 * operations, with policies, identity, caches and metrics as in a cluster, over TLS. Beside it the usual
 * way: express, structuredClone, generic diff.
 */
export async function webhookRows(): Promise<readonly BenchRow[]> {
  const seconds = 5;
  // CLOUDER_BENCH_SOAK_SECONDS=600 for the ten minutes of a release, at a fifth of the rate.
  const soakSeconds = Number(process.env["CLOUDER_BENCH_SOAK_SECONDS"] ?? "20");
  const folder = await mkdtemp(join(tmpdir(), "webhook-bench-"));
  try {
    if (cpus().length > 1) pinSelf("1");
    const certificates = await makeCertificates(folder);
    const bench = { folder, certificates, ask: askReady(certificates) };
    const ours = await bundleServer("webhook-server", folder);
    const peer = await bundleServer("webhook-peer", folder);
    const floor = await bundleServer("webhook-floor", folder);
    return [
      ...(await throughputRows(bench, { ours, peer, floor }, seconds)),
      ...(await steadyRows(bench, ours, soakSeconds)),
      ...(await startRow(bench, ours)),
      await changeRow(bench, ours),
    ];
  } finally {
    if (cpus().length > 1) pinSelf(`0-${String(cpus().length - 1)}`);
    await rm(folder, { recursive: true });
  }
}

interface Certificates {
  readonly authority: KeyPair;
  /** Writes another serving certificate, as a mounted Secret changes. */
  rotate(): Promise<void>;
}

interface Bench {
  readonly folder: string;
  readonly certificates: Certificates;
  readonly ask: (port: number) => Promise<void>;
}

const [servername = ""] = servingNames;

type Server = "ours" | "peer" | "floor";

/** V8 has compiled the last of ours after some ten thousand calls, and the others' sooner. */
const warmMilliseconds: Readonly<Record<Server, number>> = {
  ours: 10_000,
  peer: 4_000,
  floor: 4_000,
};

async function throughputRows(
  bench: Bench,
  files: Readonly<Record<Server, string>>,
  seconds: number,
): Promise<readonly BenchRow[]> {
  const figures: Record<Server, Load[]> = { ours: [], peer: [], floor: [] };
  const resident = { ours: 0, peer: 0, floor: 0 };
  // In turn, so that what else the machine does meets both.
  for (let round = 0; round < 3; round += 1) {
    for (const name of ["ours", "peer", "floor"] as const) {
      const server = await startServer(
        files[name],
        [bench.folder],
        name === "ours" ? bench.ask : none,
      );
      await closedLoop(bench, server, warmMilliseconds[name]);
      figures[name].push(noFailure(await closedLoop(bench, server, seconds * 1000)));
      resident[name] = Math.max(resident[name], server.residentBytes());
      await server.stop();
    }
  }
  const of = (name: Server, figure: "perSecond" | "p99") =>
    median(figures[name].map((load) => load[figure]));
  const rate = of("ours", "perSecond");
  return [
    {
      what: "webhook, 32 connections, TLS, 13 KB pods, one core",
      ours: `${rate.toFixed(0)} calls/s`,
      peer: beside((name) => `${of(name, "perSecond").toFixed(0)} calls/s`),
      figure: rate / of("peer", "perSecond"),
      bar: ">= 8000 calls/s",
      met: rate >= 8_000,
    },
    {
      what: "its 99th percentile",
      ours: milliseconds(of("ours", "p99")),
      peer: beside((name) => milliseconds(of(name, "p99"))),
      figure: of("ours", "p99") / of("peer", "p99"),
      bar: "<= 6 ms",
      met: of("ours", "p99") <= 6,
    },
    {
      what: "its memory under this load",
      ours: mebibytes(resident.ours),
      peer: `express, clone and diff: ${mebibytes(resident.peer)}`,
      figure: resident.ours / resident.peer,
      bar: "<= 128 MiB",
      met: resident.ours <= 128 * 2 ** 20,
    },
  ];
}

/** The usual way, and the floor: what Node itself takes. */
function beside(figure: (name: Server) => string): string {
  return `express, clone and diff: ${figure("peer")}; https and JSON.parse alone: ${figure("floor")}`;
}

async function steadyRows(
  bench: Bench,
  ours: string,
  soakSeconds: number,
): Promise<readonly BenchRow[]> {
  const server = await startServer(ours, [bench.folder], bench.ask);
  const target = targetOf(bench, server);
  const steady = (time: number, rate: number) =>
    runLoad({ target, body, connections: 16, milliseconds: time, rate });
  await steady(8_000, 2_000);
  await steady(2_000, 200);
  const open = noFailure(await steady(10_000, 200));
  const before = server.residentBytes();
  const soak = noFailure(await steady(soakSeconds * 1000, soakSeconds > 60 ? 200 : 1_000));
  const after = server.residentBytes();
  await server.stop();
  const share = after / before;
  return [
    {
      what: "webhook, 200 calls/s evenly spread: 99th percentile",
      ours: milliseconds(open.p99),
      peer: `median ${milliseconds(open.p50)}, 99.9th ${milliseconds(open.p999)}`,
      figure: open.p99,
      bar: "<= 3 ms",
      met: open.p99 <= 3,
    },
    {
      what: `webhook, memory after ${String(soak.calls)} calls in ${String(soakSeconds)} s`,
      ours: mebibytes(after),
      peer: `before: ${mebibytes(before)}`,
      figure: share,
      bar: "flat: <= 1.1",
      met: share <= 1.1,
    },
  ];
}

async function startRow(bench: Bench, ours: string): Promise<readonly BenchRow[]> {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const server = await startServer(ours, [bench.folder], bench.ask);
    times.push(server.startMilliseconds);
    await server.stop();
  }
  return [
    {
      what: "webhook, start to ready",
      ours: milliseconds(median(times)),
      peer: "one core",
      figure: median(times) / 1000,
      bar: "<= 1 s",
      met: median(times) <= 1_000,
    },
  ];
}

/** Two rotations, then one replica takes over from another; every call must be answered. */
async function changeRow(bench: Bench, ours: string): Promise<BenchRow> {
  const old = await startServer(ours, [bench.folder, "3"], bench.ask);
  const next = await startServer(ours, [bench.folder, "3"], bench.ask);
  let current = old;
  const load = runLoad({
    target: () => targetOf(bench, current)(),
    body,
    connections: 32,
    milliseconds: 10_000,
    rate: 1_000,
  });
  for (let rotation = 0; rotation < 2; rotation += 1) {
    await sleep(1_500);
    await bench.certificates.rotate();
  }
  await sleep(1_500);
  const stopped = old.stop();
  // A Service forgets a pod a little later than the pod is told.
  await sleep(1_000);
  current = next;
  await stopped;
  const { failures, calls } = await load;
  await next.stop();
  return {
    what: "webhook, failed calls over two rotations and a drain at 1000 calls/s",
    ours: `${String(failures.length)} of ${String(calls)}`,
    peer: "one replica takes over from another",
    figure: failures.length,
    bar: "0",
    met: failures.length === 0,
  };
}

/** Each connection's pods are another user's: what is kept for one serves no other. */
function body(connection: number): string {
  const user = `u-${(connection % 32).toString(16).padStart(4, "0")}`;
  const who = { uid: placeholder, username: `${user}@example.com`, groups: ["users"] };
  return JSON.stringify(reviewOf(directPod(user), who));
}

/** Made by a person: whether they may use the name in its label is asked of the API server. */
function directPod(user: string) {
  const pod = notebookPod({ "runtime-pools.datalayer.io/user-uid": user });
  return { ...pod, metadata: { ...pod.metadata, ownerReferences: [] } };
}

function targetOf({ certificates }: Bench, { port }: BenchServer) {
  return () => ({ port, ca: certificates.authority.certificate, servername });
}

function closedLoop(bench: Bench, server: BenchServer, time: number): Promise<Load> {
  const target = targetOf(bench, server);
  return runLoad({ target, body, connections: 32, milliseconds: time });
}

function noFailure(load: Load): Load {
  if (load.failures.length === 0) return load;
  throw new Error(`${String(load.failures.length)} calls failed: ${load.failures[0] ?? ""}`);
}

async function makeCertificates(folder: string): Promise<Certificates> {
  const year = 365 * 86_400_000;
  const authority = await makeAuthority(Date.now(), year);
  const rotate = async () => {
    const pair = await makeServing(authority, Date.now(), year);
    for (const [name, text] of [
      ["tls.crt", pair.certificate],
      ["tls.key", pair.key],
    ] as const) {
      await writeFile(join(folder, `${name}.new`), text, { mode: 0o600 });
      await rename(join(folder, `${name}.new`), join(folder, name));
    }
  };
  await rotate();
  return { authority, rotate };
}

/** Asks until /readyz says so. */
function askReady({ authority }: Certificates): (port: number) => Promise<void> {
  const once = (port: number) =>
    new Promise<boolean>((resolve) => {
      const options = { host: "127.0.0.1", port, path: "/readyz", servername, agent: false };
      const asked = request({ ...options, ca: authority.certificate }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      asked.on("error", () => {
        resolve(false);
      });
      asked.end();
    });
  return async (port) => {
    while (!(await once(port))) await sleep(5);
  };
}

async function none(): Promise<void> {
  // The peer has no page for it.
}

function pinSelf(cores: string): void {
  execFileSync("taskset", ["-acp", cores, String(process.pid)], { stdio: "ignore" });
}
