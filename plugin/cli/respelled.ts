import { withEnvironment, type CommandContext, type CommandDefinition } from "#plugin/cli/command";
import type { FlagInput } from "@oclif/core/interfaces";

export interface Respelling {
  readonly summary: string;
  /** Each a command line without the leading `kubectl clouder`. */
  readonly examples: readonly string[];
  /** Other defaults than the command has under its own name. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Flags that only the original has. */
  readonly flags?: FlagInput;
  /** Asks on the terminal for what the original asks for; gives flags that win. */
  readonly asks?: (
    flags: Readonly<Record<string, unknown>>,
    name: unknown,
    context: CommandContext,
  ) => Promise<Readonly<Record<string, unknown>>>;
}

/** A command under an original name: the same arguments, flags and job. */
export function respelled(one: CommandDefinition, as: Respelling): CommandDefinition {
  const { defaults = {}, asks } = as;
  const own = Object.fromEntries(
    Object.entries(one.flags).map(([name, flag]) => [
      name,
      name in defaults ? { ...flag, default: defaults[name] } : flag,
    ]),
  ) as FlagInput;
  return {
    ...one,
    summary: as.summary,
    examples: as.examples.map((example) => `<%= config.bin %> ${example}`),
    flags: withEnvironment({ ...own, ...as.flags }),
    ...(asks && {
      execute: async ({ flags, args }, context) => {
        const answers = await asks(flags, args["name"], context);
        return await one.execute({ args, flags: { ...flags, ...answers } }, context);
      },
    }),
  };
}
