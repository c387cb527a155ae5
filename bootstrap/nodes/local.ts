import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { captureOutput, tookTooLong } from "#bootstrap/nodes/captured-output";
import { feed, type FedOptions } from "#bootstrap/nodes/feed";
import { accessThrough } from "#bootstrap/nodes/node-files";
import type { NodeAccessDriver, RunResult } from "#bootstrap/nodes/node-access";
import { commandFailed } from "#bootstrap/nodes/remote-file";
import { ClouderError, throwIfCancelled } from "#core/error";

/** Runs commands on this machine; as an ordinary user through sudo. */
export const localAccess: NodeAccessDriver = {
  connect: (host) => {
    const access = accessThrough(host, (argv, options) => runHere(host, argv, options));
    return Promise.resolve({ ...access, close: () => Promise.resolve() });
  },
};

async function runHere(
  host: string,
  argv: readonly string[],
  options: FedOptions = {},
): Promise<RunResult> {
  throwIfCancelled(options.signal);
  const [program = "", ...rest] =
    process.getuid?.() === 0 ? argv : (["sudo", "-n", "--", ...argv] as const);
  const late = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs);
  const child = spawn(program, rest, {
    stdio: "pipe",
    cwd: "/",
    signal: AbortSignal.any([late, options.signal].filter((one) => one !== undefined)),
    killSignal: "SIGKILL",
  });
  const result = await finish(child, options).catch((error: unknown) => {
    throwIfCancelled(options.signal);
    if (late?.aborted === true) throw tookTooLong(argv[0] ?? "", host, options);
    throw new ClouderError("remote-command", `cannot run ${argv[0] ?? ""} on ${host}`, {
      cause: error,
      details: { host },
    });
  });
  if (result.status !== 0 && !options.allowFailure) throw commandFailed(host, argv, result);
  return result;
}

async function finish(
  child: ChildProcessWithoutNullStreams,
  options: FedOptions,
): Promise<RunResult> {
  const output = captureOutput(child, options);
  const closed = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code ?? 137);
    });
  });
  feed(child.stdin, options);
  return output.end(await closed);
}
