import { ClouderError } from "#core/error";
import { spawn } from "node:child_process";

export interface RunOptions {
  readonly folder?: string;
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs a program to its end and gives back its standard output. The program dies with this process.
 * A status other than 0 is an error holding the last lines the program wrote.
 */
export async function runProgram(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<string> {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...argv], {
    cwd: options.folder,
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  let lastWords = "";
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString()).slice(-4000);
    });
  }
  const status = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve(code ?? signal);
    });
  });
  if (status !== 0) {
    throw new ClouderError(
      "remote-command",
      `${argv[0]} ended with ${String(status)}: ${lastWords.trim().split("\n").slice(-20).join("\n")}`,
      { hint: `run it by hand: ${argv.map((word) => JSON.stringify(word)).join(" ")}` },
    );
  }
  return Buffer.concat(output).toString();
}
