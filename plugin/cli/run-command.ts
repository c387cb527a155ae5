import { parse } from "@oclif/core/parser";
import { ClouderError, isClouderError } from "#core/error";
import { checkValue } from "#plugin/cli/checks";
import type { CommandDefinition } from "#plugin/cli/command";
import { nearest } from "#core/nearest";

export interface Parsed {
  readonly flags: Record<string, unknown>;
  readonly args: Record<string, unknown>;
}

/** Parses a command's arguments by oclif's rules; what does not fit is a `usage` error. */
export async function parseArguments(
  id: string,
  definition: CommandDefinition,
  argv: readonly string[],
): Promise<Parsed> {
  const { flags, args, strict } = definition;
  try {
    const parsed = await parse([...argv], { flags, args, strict, context: {} } as never);
    // oclif leaves out booleans that were not given.
    const given = parsed as Parsed;
    const off = Object.entries(flags).filter(([, flag]) => flag.type === "boolean");
    for (const [name, arg] of Object.entries(args)) {
      checkValue(arg, name.toUpperCase(), given.args[name]);
    }
    for (const [name, flag] of Object.entries(flags)) {
      checkValue(flag, `--${name}`, given.flags[name]);
    }
    return {
      args: given.args,
      flags: { ...Object.fromEntries(off.map(([name]) => [name, false])), ...given.flags },
    };
  } catch (error) {
    if (isClouderError(error)) throw error;
    if (!isParseError(error)) throw error;
    throw usage(id, error, Object.keys(flags));
  }
}

interface ParseError extends Error {
  readonly oclif: { readonly exit?: number };
  /** Only of NonExistentFlagsError. */
  readonly flags?: readonly string[];
  /** Only of RequiredArgsError. */
  readonly args?: readonly { readonly name: string }[];
}

function isParseError(error: unknown): error is ParseError {
  return error instanceof Error && "oclif" in error;
}

function usage(id: string, error: ParseError, known: readonly string[]): ClouderError {
  const name = id.replaceAll(":", " ");
  const see = `see: kubectl clouder ${name} --help`;
  const missing = error.message.startsWith("Missing") ? (error.args ?? []) : [];
  if (missing.length > 0) {
    const names = missing.map((arg) => arg.name.toUpperCase()).join(" and ");
    const verb = missing.length === 1 ? "is" : "are";
    return new ClouderError("usage", `${names} ${verb} missing`, { hint: see });
  }
  const message = error.message
    .replace(/\n?See more help with --help$/, "")
    .replace(/^The following errors? occurred:\s*/, "")
    .replace(
      /^Parsing (--\S+)\s*\n\s*(.)/,
      (_all, flag: string, first: string) => `${flag}: ${first.toLowerCase()}`,
    )
    .replace(/\s*\n\s*/g, "; ")
    .replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
  const [wrong] = error.flags ?? [];
  const near = wrong?.startsWith("--") ? nearest(wrong.slice(2), known) : [];
  const hint = near.length > 0 ? `did you mean --${near.join(" or --")}? ${see}` : see;
  return new ClouderError("usage", message, { hint });
}
