import { spawn, type StdioOptions } from "node:child_process";

export interface ProgramResult {
  /** Exit status; 128 + signal number where one ended it; 127 when it could not be started. */
  readonly status: number;
  /** What it wrote to stdout and stderr, at most 64 KiB; empty when the streams were inherited. */
  readonly output: string;
}

/** Runs a program to its end; never rejects. "inherit" hands on this process's own streams. */
export type RunProgram = (
  argv: readonly string[],
  streams?: "inherit" | "collect",
) => Promise<ProgramResult>;

const keptBytes = 65_536;

/** `extraStreams` further open files (3, 4, …) go to programs that inherit ours. */
export function createProgramRunner(extraStreams: number): RunProgram {
  return (argv, streams = "collect") =>
    new Promise((resolve) => {
      const [command = "", ...rest] = argv;
      const inherited = Array.from({ length: 3 + extraStreams }, (): "inherit" => "inherit");
      const stdio: StdioOptions = streams === "inherit" ? inherited : ["ignore", "pipe", "pipe"];
      const child = spawn(command, rest, { stdio });
      let output = "";
      const keep = (chunk: Buffer) => {
        if (output.length < keptBytes) output += chunk.toString();
      };
      child.stdout?.on("data", keep);
      child.stderr?.on("data", keep);
      child.on("error", (error) => {
        resolve({ status: 127, output: error.message });
      });
      child.on("close", (code, signal) => {
        resolve({ status: code ?? (signal === null ? 1 : 128), output });
      });
    });
}
