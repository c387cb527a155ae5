import { spawn } from "node:child_process";

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
  readonly timeoutMs?: number;
  /** Gives back a non-zero status instead of throwing. */
  readonly allowFailure?: boolean;
  /** Shows what the command prints as it comes. */
  readonly show?: boolean;
  readonly signal?: AbortSignal;
}

/** Runs a program to its end; a non-zero status throws with everything it printed. */
export function runCommand(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error("no command");
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (options.show) process.stdout.write(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (options.show) process.stderr.write(text);
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const status = code ?? 128 + (signal === "SIGKILL" ? 9 : 15);
      if (status === 0 || options.allowFailure) resolve({ status, stdout, stderr });
      else reject(new Error(`${argv.join(" ")}: status ${status}\n${stdout}\n${stderr}`));
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
  });
}
