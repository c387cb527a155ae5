import type { Interfaces } from "@oclif/core";
import type { ArgInput, FlagInput, InferredArgs } from "@oclif/core/interfaces";
import type { AskSecret } from "#bootstrap/nodes/ask-secret";
import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";
import type { Reporter } from "#core/report";
import type { Kube } from "#kube/kube";
import { string as argument } from "@oclif/core/args";
import { outputFlags } from "#plugin/cli/flags";
import type { Result } from "#plugin/output/result";

export { argument };

/** What a command gets besides its own arguments; made by `#plugin/cli/wiring`, lazily. */
export interface CommandContext {
  /** Aborted by Ctrl-C; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Progress and remarks, on standard error as --progress says. */
  readonly report: Reporter;
  readonly clock: Clock;
  /** The cluster of --context and --kubeconfig, connected on first use. */
  readonly kube: () => Promise<Kube>;
  /** --namespace, else the context's. */
  readonly namespace: () => Promise<string>;
  /**
   * Asks on the terminal; true with --yes; a `usage` error when nobody can answer. What cannot be
   * undone is confirmed by a word to type, its name.
   */
  readonly confirm: (question: string, word?: string) => Promise<boolean>;
  /** Asks on the terminal; absent where there is none. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  /** Asks on the terminal without showing it, or reads the line that a --…-stdin flag announces. */
  readonly askSecret: AskSecret;
  /** The caller's environment, for commands whose job needs a variable of it by name. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** oclif's own inference makes `any` of booleans; one that was not given is false. */
type FlagValues<Flags extends FlagInput> = {
  readonly [Name in keyof Flags]: Flags[Name] extends { readonly type: "boolean" }
    ? boolean
    : Flags[Name] extends Interfaces.OptionFlag<infer Value>
      ? Value
      : never;
};

export interface CommandInput<Flags extends FlagInput, Args extends ArgInput> {
  readonly flags: FlagValues<Flags & typeof outputFlags>;
  readonly args: InferredArgs<Args>;
}

export interface CommandSpec<Flags extends FlagInput, Args extends ArgInput> {
  /** One line, shown in lists. */
  readonly summary: string;
  readonly description?: string;
  /** Each a command line without the leading `kubectl clouder`. */
  readonly examples?: readonly string[];
  readonly args?: Args;
  /** Without the output flags: they are added. Each gets the environment name CLOUDER_<FLAG>. */
  readonly flags?: Flags;
  readonly hidden?: boolean;
  /** Ends with 1 where something differs, as kubectl diff does; so its errors end with 2 and more. */
  readonly compares?: boolean;
  /** Parses nothing itself: calls one job and returns what is to be shown. */
  run(input: CommandInput<Flags, Args>, context: CommandContext): Promise<Result | undefined>;
}

/** A command as the program and oclif's manifest see it. */
export interface CommandDefinition {
  readonly summary: string;
  readonly description?: string;
  readonly examples: string[];
  readonly args: ArgInput;
  readonly flags: FlagInput;
  readonly hidden: boolean;
  readonly compares: boolean;
  readonly strict: true;
  readonly execute: (
    input: { readonly flags: Record<string, unknown>; readonly args: Record<string, unknown> },
    context: CommandContext,
  ) => Promise<Result | undefined>;
  /** oclif's manifest writer recognises commands by it; the program goes through `execute`. */
  readonly run: () => never;
}

/** Defines a command; the default export of a file in plugin/commands, whose path is its name. */
export function command<
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- a command without flags of its own
  const Flags extends FlagInput = {},
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- a command without arguments
  const Args extends ArgInput = {},
>(spec: CommandSpec<Flags, Args>): CommandDefinition {
  const { summary, description, examples = [], hidden = false, compares = false } = spec;
  const args = withoutStandardInput(spec.args ?? {});
  const flags = withEnvironment({ ...outputFlags, ...spec.flags });
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    examples: examples.map((example) => `<%= config.bin %> ${example}`),
    args,
    flags,
    hidden,
    compares,
    strict: true,
    execute: (input, context) => spec.run(input as never, context),
    run: () => {
      throw new ClouderError("internal", "commands are started by plugin/cli/main");
    },
  };
}

/** oclif would take an argument that is not given from a pipe, where `-f -` reads its document. */
function withoutStandardInput(args: ArgInput): ArgInput {
  return Object.fromEntries(
    Object.entries(args).map(([name, one]) => [name, { ...one, ignoreStdin: true }]),
  );
}

/** Every flag can be set by a variable: --no-wait of any command by CLOUDER_NO_WAIT. */
export function withEnvironment(flags: FlagInput): FlagInput {
  return Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      // `-c one two`: two is an argument, not a second value.
      { env: environmentName(name), multipleNonGreedy: true, ...flag },
    ]),
  );
}

/** The variable that stands in for a flag. */
export function environmentName(flag: string): string {
  return `CLOUDER_${flag.toUpperCase().replaceAll("-", "_")}`;
}
