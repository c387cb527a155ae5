import { spawn } from "node:child_process";
import { ClouderError } from "#core/error";

export interface HostResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of this host; `remote-command` with its last words when it fails. */
export async function hostCommand(
  argv: readonly string[],
  options: { readonly allowFailure?: boolean } = {},
): Promise<HostResult> {
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"], cwd: "/" });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const status = await new Promise<number>((resolve) => {
    child.once("error", () => {
      resolve(127);
    });
    child.once("close", (code) => {
      resolve(code ?? 137);
    });
  });
  const result = {
    status,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
  if (status !== 0 && !options.allowFailure) {
    const last = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-3).join(" | ");
    throw new ClouderError("remote-command", `${argv.slice(0, 3).join(" ")} failed: ${last}`, {
      details: { status, command: argv },
    });
  }
  return result;
}
