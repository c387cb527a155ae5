import { spawn } from "node:child_process";
import { ClouderError } from "#core/error";

export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly folder?: string;
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly timeoutMs?: number;
  /** Gives back a status other than 0 instead of throwing. */
  readonly allowFailure?: boolean;
  /** Shows what the program prints as it comes. */
  readonly show?: boolean;
  /** Runs on when this process dies: for programs that clean up after themselves. */
  readonly outlivesUs?: boolean;
}

/**
 * Runs a program to its end. A status other than 0 is an error holding the last lines the program
 * wrote. The program dies with this process unless told otherwise.
 */
export async function runProgram(
  argv: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const tied = options.outlivesUs ? [] : ["setpriv", "--pdeathsig", "KILL", "--"];
  const [file = "", ...rest] = [...tied, ...argv];
  const child = spawn(file, rest, {
    cwd: options.folder,
    env: { ...process.env, ...options.environment },
    stdio: "pipe",
    timeout: options.timeoutMs,
  });
  const [stdout, stderr] = [[] as Buffer[], [] as Buffer[]];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout.push(chunk);
    if (options.show) process.stdout.write(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr.push(chunk);
    if (options.show) process.stderr.write(chunk);
  });
  // A program that ends without reading its input breaks the pipe; its status tells the story.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin ?? "");
  const status = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve(code ?? 128 + (signal === "SIGKILL" ? 9 : 15));
    });
  });
  const result = {
    status,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
  if (status !== 0 && !options.allowFailure) throw failed(argv, result);
  return result;
}

/** The same for programs whose answer is their standard output. */
export async function outputOf(
  argv: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  return (await runProgram(argv, options)).stdout;
}

function failed(argv: readonly string[], { status, stdout, stderr }: ProgramResult): ClouderError {
  const lastWords = `${stdout}\n${stderr}`.trim().split("\n").slice(-20).join("\n");
  return new ClouderError(
    "remote-command",
    `${argv[0] ?? ""} ended with ${String(status)}: ${lastWords}`,
    { hint: `run it by hand: ${argv.map((word) => JSON.stringify(word)).join(" ")}` },
  );
}
