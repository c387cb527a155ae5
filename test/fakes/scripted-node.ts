import type { NodeAccess, RunResult } from "#bootstrap/nodes/node-access";
import { commandFailed } from "#bootstrap/nodes/remote-file";
import { ClouderError } from "#core/error";

export interface ScriptedNode extends NodeAccess {
  /** Every command that was run: its words joined, and what it was sent. */
  readonly ran: readonly { readonly line: string; readonly stdin: string }[];
  readonly files: Map<string, string>;
}

type Answer = string | Partial<RunResult>;

/**
 * A machine for tests of steps: it has files, knows `cat`, `test -e`, `test -s` and `rm -f` on
 * them, and answers other commands by the first pattern that fits their line; the rest succeed
 * with no output. It is no shell: steps whose scripts matter are tested on real machines.
 */
export function scriptedNode(
  host: string,
  answers: readonly (readonly [RegExp, Answer | (() => Answer)])[] = [],
  initial: Readonly<Record<string, string>> = {},
): ScriptedNode {
  const ran: { line: string; stdin: string }[] = [];
  const files = new Map(Object.entries(initial));
  return {
    host,
    ran,
    files,
    run: (argv, options = {}) => {
      const line = argv.join(" ");
      ran.push({ line, stdin: Buffer.from(options.stdin ?? "").toString() });
      const result = { status: 0, stdout: "", stderr: "", ...answer(argv, line) };
      return result.status === 0 || options.allowFailure === true
        ? Promise.resolve(result)
        : Promise.reject(commandFailed(host, argv, result));
    },
    readFile: (path) => {
      const content = files.get(path);
      return content === undefined
        ? Promise.reject(new ClouderError("not-found", `cannot read ${path}`))
        : Promise.resolve(Buffer.from(content));
    },
    writeFile: (path, content) => {
      files.set(path, Buffer.from(content).toString());
      return Promise.resolve();
    },
    upload: (localPath, remotePath) => {
      files.set(remotePath, `copy of ${localPath}`);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };

  function answer(argv: readonly string[], line: string): Partial<RunResult> {
    for (const [pattern, given] of answers) {
      if (!pattern.test(line)) continue;
      const value = typeof given === "function" ? given() : given;
      return typeof value === "string" ? { stdout: value } : value;
    }
    const path = argv.at(-1) ?? "";
    if (argv[0] === "cat") {
      const content = files.get(path);
      return content === undefined ? { status: 1 } : { stdout: content };
    }
    if (argv[0] === "test") return { status: files.has(path) ? 0 : 1 };
    if (argv[0] === "rm") files.delete(path);
    return {};
  }
}
