import { connect, type TLSSocket } from "node:tls";
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/**
 * A load generator of its own: raw TLS sockets, one prepared request whose uid is written in place, and
 * answers that are only searched, not parsed. It costs the other core far less than a usual client,
 * so that the server is what is measured. Each answer must be a 200 with the uid of its call.
 */
export interface LoadTarget {
  readonly port: number;
  readonly ca: string;
  readonly servername: string;
}

export interface Load {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly calls: number;
  readonly failures: readonly string[];
  readonly reconnects: number;
}

export interface LoadSettings {
  /** Asked for each new connection, so that it may change under way. */
  readonly target: () => LoadTarget;
  /** Body of a connection's reviews; must hold {@link placeholder} as its uid. */
  readonly body: (connection: number) => string;
  readonly connections: number;
  readonly milliseconds: number;
  /** Calls per second of all connections, evenly spread (open loop); absent: as fast as answers come. */
  readonly rate?: number;
}

export const placeholder = "00000000-0000-4000-8000-000000000000";

interface Connection {
  socket: TLSSocket;
  readonly request: Buffer;
  uid: string;
  /** When the call was due; absent: idle. */
  since: number | undefined;
  head: string;
  missing: number;
  mayReuse: boolean;
}

interface Run {
  readonly settings: LoadSettings;
  readonly histogram: RecordableHistogram;
  readonly failures: string[];
  readonly idle: Connection[];
  readonly all: Set<Connection>;
  calls: number;
  serial: number;
  reconnects: number;
  opened: number;
  isOver: boolean;
  readonly next: (connection: Connection) => void;
}

/** Runs the load for its time; resolves when the last call was answered. */
export async function runLoad(settings: LoadSettings): Promise<Load> {
  const due: number[] = [];
  const run: Run = {
    settings,
    histogram: createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 }),
    failures: [],
    idle: [],
    all: new Set(),
    calls: 0,
    serial: 0,
    reconnects: 0,
    opened: 0,
    isOver: false,
    next: (connection) => {
      if (run.isOver) return;
      const time = settings.rate === undefined ? performance.now() : due.shift();
      if (time === undefined) run.idle.push(connection);
      else call(run, connection, time);
    },
  };
  await Promise.all(Array.from({ length: settings.connections }, () => open(run)));
  const started = performance.now();
  for (const one of [...run.all]) run.next(one);
  if (settings.rate !== undefined) pace(run, due, settings.rate, started);
  await new Promise((resolve) => setTimeout(resolve, settings.milliseconds));
  const seconds = (performance.now() - started) / 1000;
  const calls = run.histogram.count;
  run.isOver = true;
  await lastAnswers(run);
  for (const { socket } of run.all) socket.destroy();
  const quantile = (percentile: number) => run.histogram.percentile(percentile) / 1000;
  return {
    perSecond: calls / seconds,
    p50: quantile(50),
    p99: quantile(99),
    p999: quantile(99.9),
    calls: run.calls,
    failures: run.failures,
    reconnects: run.reconnects,
  };
}

/**
 * Hands out calls at their times; one that finds no idle connection waits, and its wait counts. A timer
 * comes up to a millisecond late, which would be counted as the server's: the last two are spent polling.
 */
function pace(run: Run, due: number[], rate: number, started: number): void {
  let handed = 0;
  const timeOf = (place: number) => started + (place * 1000) / rate;
  const handOut = () => {
    if (run.isOver) return;
    const now = performance.now();
    for (; timeOf(handed) <= now; handed += 1) {
      // In turn: one that is never used is closed by the server after a while.
      const connection = run.idle.shift();
      if (connection) call(run, connection, timeOf(handed));
      else due.push(timeOf(handed));
    }
    if (timeOf(handed) - now > 2) setTimeout(handOut, 1);
    else setImmediate(handOut);
  };
  handOut();
}

async function lastAnswers(run: Run): Promise<void> {
  for (let wait = 0; wait < 200; wait += 1) {
    const open = [...run.all].filter(({ since }) => since !== undefined);
    if (open.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  run.failures.push("calls without an answer at the end");
}

function call(run: Run, connection: Connection, due: number): void {
  run.serial += 1;
  connection.uid = placeholder.slice(0, 24) + run.serial.toString(16).padStart(12, "0");
  connection.request.write(connection.uid, connection.request.indexOf(placeholder.slice(0, 24)));
  connection.since = due;
  connection.head = "";
  connection.missing = -1;
  run.calls += 1;
  connection.socket.write(connection.request);
}

async function open(run: Run): Promise<Connection> {
  const { port, ca, servername } = run.settings.target();
  const socket = connect({ host: "127.0.0.1", port, ca, servername });
  const connection: Connection = {
    socket,
    request: requestOf(run.settings.body(run.opened++)),
    uid: "",
    since: undefined,
    head: "",
    missing: -1,
    mayReuse: true,
  };
  socket.setNoDelay(true);
  socket.on("data", (chunk: Buffer) => {
    received(run, connection, chunk);
  });
  socket.on("error", (error: Error) => {
    if (connection.since !== undefined) run.failures.push(error.message);
    connection.since = undefined;
  });
  socket.on("close", () => {
    lost(run, connection);
  });
  await new Promise<void>((resolve) => {
    socket.once("secureConnect", resolve);
    socket.once("close", resolve);
  });
  if (!socket.destroyed) run.all.add(connection);
  return connection;
}

function lost(run: Run, connection: Connection): void {
  if (connection.since !== undefined) run.failures.push("closed before the answer");
  connection.since = undefined;
  run.all.delete(connection);
  const place = run.idle.indexOf(connection);
  if (place >= 0) run.idle.splice(place, 1);
  if (run.isOver) return;
  run.reconnects += 1;
  void open(run).then((next) => {
    if (run.all.has(next)) run.next(next);
  });
}

function received(run: Run, connection: Connection, chunk: Buffer): void {
  if (connection.since === undefined) {
    if (connection.mayReuse) run.failures.push("bytes without a call");
    return;
  }
  if (connection.missing < 0) {
    connection.head += chunk.toString("latin1");
    const end = connection.head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = /content-length: (\d+)/i.exec(connection.head)?.[1];
    connection.missing = Number(length) - (connection.head.length - end - 4);
  } else connection.missing -= chunk.length;
  if (connection.missing <= 0) answered(run, connection);
}

function answered(run: Run, connection: Connection): void {
  const { head, uid, since } = connection;
  if (!head.startsWith("HTTP/1.1 200 ") || !head.includes(uid) || !head.includes('"patch":')) {
    run.failures.push(`answer: ${head.slice(0, 200)}`);
  }
  run.histogram.record(Math.max(1, Math.round((performance.now() - (since ?? 0)) * 1000)));
  connection.since = undefined;
  connection.mayReuse = !/\r\nconnection: close\r\n/i.test(head);
  if (connection.mayReuse) run.next(connection);
  else connection.socket.end();
}

function requestOf(body: string): Buffer {
  return Buffer.from(
    [
      "POST /mutate?timeout=10s HTTP/1.1",
      "Host: clouder-webhook.clouder-system.svc",
      "User-Agent: kube-apiserver-admission",
      `Content-Length: ${String(Buffer.byteLength(body))}`,
      "Accept: application/json, */*",
      "Content-Type: application/json",
      "Accept-Encoding: gzip",
      "",
      body,
    ].join("\r\n"),
  );
}
