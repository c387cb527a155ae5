import { systemClock } from "#core/clock";
import { ClouderError } from "#core/error";
import { spawn } from "node:child_process";
import { createServer } from "node:net";

/** A server program that runs until `stop`; stopping twice does nothing. */
export interface ServerHandle {
  /** "http://127.0.0.1:7070" */
  readonly endpoint: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

export interface ServerProgram {
  readonly argv: readonly [string, ...string[]];
  /** Secrets belong here: other users can read argv, not this. */
  readonly environment: Readonly<Record<string, string>>;
  readonly endpoint: string;
}

const answerWithinMs = 20_000;
const endWithinMs = 5_000;

/** Starts the program and waits until something answers HTTP at its endpoint. It dies with this process. */
export async function startServer(program: ServerProgram): Promise<ServerHandle> {
  const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", ...program.argv], {
    env: { ...process.env, ...program.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let lastWords = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString()).slice(-2000);
    });
  }
  const life = { ended: false };
  const closed = new Promise<void>((resolve) => {
    const end = () => {
      life.ended = true;
      resolve();
    };
    child.once("close", end);
    child.once("error", end);
  });
  const stop = async () => {
    if (life.ended) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
    await closed;
    clearTimeout(timer);
  };
  const deadline = Date.now() + answerWithinMs;
  while (!(await answers(program.endpoint))) {
    if (life.ended || Date.now() > deadline) {
      await stop();
      throw new ClouderError("unreachable", `${program.argv[0]} does not answer: ${lastWords}`);
    }
    await systemClock.sleep(50);
  }
  return { endpoint: program.endpoint, pid: child.pid ?? 0, stop };
}

/** A TCP port of `host` that nobody listens on. */
export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  });
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(1000) });
    return true;
  } catch {
    return false;
  }
}
