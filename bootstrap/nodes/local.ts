import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { stat } from "node:fs/promises";
import { feed, type FedOptions } from "#bootstrap/nodes/feed";
import { lineSplitter } from "#bootstrap/nodes/lines";
import type { NodeAccess, NodeAccessDriver, RunResult } from "#bootstrap/nodes/node-access";
import { checkSize, commandFailed, writeCommand } from "#bootstrap/nodes/remote-file";
import { ClouderError, throwIfCancelled } from "#core/error";

/** Runs commands on this machine; as an ordinary user through sudo. */
export const localAccess: NodeAccessDriver = {
  connect: (name) => Promise.resolve(localNode(name)),
};

function localNode(host: string): NodeAccess {
  const run = (argv: readonly string[], options: FedOptions = {}) => runHere(host, argv, options);
  return {
    host,
    run,
    readFile: async (path) => {
      const shown = await run(["base64", "-w0", "--", path], { allowFailure: true });
      if (shown.status === 0) return Buffer.from(shown.stdout, "base64");
      throw new ClouderError("not-found", `cannot read ${path} on ${host}`);
    },
    writeFile: async (path, content, mode = 0o644) => {
      const size = Buffer.byteLength(content);
      const { stdout } = await run(writeCommand(path, mode), { stdin: content });
      checkSize(host, path, stdout, size);
    },
    upload: async (localPath, remotePath, options = {}) => {
      const { size } = await stat(localPath);
      const { stdout } = await run(writeCommand(remotePath, options.mode ?? 0o644), {
        stdinFile: localPath,
        onSent: (done) => options.onProgress?.(done, size),
        signal: options.signal,
      });
      checkSize(host, remotePath, stdout, size);
    },
    close: () => Promise.resolve(),
  };
}

async function runHere(
  host: string,
  argv: readonly string[],
  options: FedOptions,
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
    if (late?.aborted === true) {
      throw new ClouderError("timeout", `${argv[0] ?? ""} on ${host} took too long`, {
        details: { host, milliseconds: options.timeoutMs ?? 0 },
      });
    }
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
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const lines = options.onLine && lineSplitter(options.onLine);
  child.stdout.on("data", (chunk: Buffer) => {
    stdout.push(chunk);
    lines?.push(chunk.toString());
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr.push(chunk);
    lines?.push(chunk.toString());
  });
  const closed = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code ?? 137);
    });
  });
  feed(child.stdin, options);
  const status = await closed;
  lines?.end();
  return {
    status,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
}
