import type { CommandContext, CommandDefinition } from "#plugin/cli/command";
import { parseArguments } from "#plugin/cli/run-command";
import { type OutputFormat, renderResult } from "#plugin/output/print";
import { createFakeKube } from "#test/fakes/kube";

/** Runs a command as the program does: parsed, executed, printed; notes are what goes to stderr. */
export async function runCommand(
  id: string,
  definition: CommandDefinition,
  argv: readonly string[],
  over: Partial<CommandContext> = {},
) {
  const parsed = await parseArguments(id, definition, argv);
  const notes: string[] = [];
  const kube = createFakeKube();
  const context: CommandContext = {
    signal: new AbortController().signal,
    report: (event) => {
      if (event.type === "note") notes.push(event.message);
    },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    kube: () => Promise.resolve(kube),
    namespace: () => Promise.resolve("default"),
    confirm: () => Promise.resolve(true),
    askSecret: () => Promise.reject(new Error("nobody can answer")),
    environment: {},
    ...over,
  };
  const result = await definition.execute(parsed, context);
  if (!result) throw new Error("the command gave no result");
  const printed = await renderResult(result, parsed.flags["output"] as OutputFormat);
  return { ...printed, notes, exitCode: result.exitCode ?? 0 };
}
