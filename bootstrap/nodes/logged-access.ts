import type { HostLog } from "#bootstrap/nodes/host-log";
import type { NodeAccess, RunResult } from "#bootstrap/nodes/node-access";
import { quote } from "#bootstrap/nodes/quote";
import type { Clock } from "#core/clock";
import { isClouderError, messageOf } from "#core/error";
import { printable } from "#core/redact";

const longestCommand = 400;
const longestOutput = 4000;

/**
 * The same access, with every command, its status and its standard error in the machine's log.
 * Standard output and what files hold are left out: kubeconfigs travel there.
 */
export function loggedAccess(access: NodeAccess, log: HostLog, clock: Clock): NodeAccess {
  const noted = async <T>(what: string, work: () => Promise<T>, end: (result: T) => Outcome) => {
    const started = clock.now();
    const write = ({ outcome, said = "" }: Outcome) => {
      const line = `${new Date(started).toISOString()} ${what} -> ${outcome}`;
      log.write(`${line}, ${clock.now() - started} ms\n${indented(said)}`);
    };
    try {
      const result = await work();
      write(end(result));
      return result;
    } catch (error) {
      write(failure(error));
      throw error;
    }
  };
  const done = () => ({ outcome: "done" });
  return {
    host: access.host,
    run: (argv, options) =>
      noted(shortened(oneLine(quote(argv))), () => access.run(argv, options), ended),
    readFile: (path) => noted(`read ${path}`, () => access.readFile(path), done),
    writeFile: (path, content, mode) =>
      noted(`write ${path}`, () => access.writeFile(path, content, mode), done),
    upload: (from, to, options) =>
      noted(`upload ${from} to ${to}`, () => access.upload(from, to, options), done),
    close: async () => {
      await access.close();
      await log.flush();
    },
  };
}

interface Outcome {
  readonly outcome: string;
  /** What the command said on standard error. */
  readonly said?: string;
}

const ended = ({ status, stderr }: RunResult): Outcome => ({
  ...{ outcome: `status ${status}`, said: stderr },
});

/** The error of a command holds the last lines of what it said. */
function failure(error: unknown): Outcome {
  const output = isClouderError(error) ? error.details["output"] : undefined;
  return {
    outcome: `failed: ${cut(oneLine(messageOf(error)), longestCommand)}`,
    ...(Array.isArray(output) && { said: output.join("\n") }),
  };
}

/** The end stays: what a script is to do stands in its arguments. */
function shortened(command: string): string {
  if (command.length <= longestCommand) return command;
  return `${command.slice(0, longestCommand - 100)} … ${command.slice(-100)}`;
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)} … (${text.length} characters)`;
}

function oneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, "; "));
}

function indented(text: string): string {
  const lines = cut(text.trim(), longestOutput).split("\n");
  return lines.map((line) => (line === "" ? "" : `    ${printable(line)}\n`)).join("");
}
