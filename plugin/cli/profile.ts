import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ClouderError, messageOf } from "#core/error";
import type { Catalog } from "#plugin/cli/catalog";
import { environmentName } from "#plugin/cli/command";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Settings a user keeps: `flag: value` lines in CLOUDER_PROFILE, else in clouder/profile.yaml of
 * the configuration folder. Gives variables that the environment does not set itself, since flags
 * win over the environment, the environment over the profile, the profile over defaults.
 */
export async function profileVariables(
  environment: Environment,
  catalog: Catalog,
): Promise<Readonly<Record<string, string>>> {
  const chosen = environment["CLOUDER_PROFILE"];
  const folder = environment["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
  const file = chosen ?? join(folder, "clouder", "profile.yaml");
  const text = read(file, chosen !== undefined);
  if (text === undefined) return {};
  const flags = new Set(Object.values(catalog.commands).flatMap(({ flags }) => Object.keys(flags)));
  const variables: Record<string, string> = {};
  for (const [flag, value] of Object.entries(await parse(file, text))) {
    if (!flags.has(flag)) {
      throw new ClouderError(
        "config",
        `${file} sets "${flag}", which is not a flag of any command`,
      );
    }
    const name = environmentName(flag);
    if (environment[name] === undefined) variables[name] = String(value);
  }
  return variables;
}

function read(file: string, mustExist: boolean): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (!mustExist && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ClouderError("config", `cannot read the profile ${file}: ${messageOf(error)}`, {
      hint: "look at its owner and mode, and at CLOUDER_PROFILE",
      cause: error,
    });
  }
}

async function parse(
  file: string,
  text: string,
): Promise<Record<string, string | number | boolean>> {
  const { parse: parseYaml } = await import("yaml");
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw new ClouderError("config", `${file} is not valid YAML: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const isFlat =
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((item) => ["string", "number", "boolean"].includes(typeof item));
  if (value === null) return {};
  if (!isFlat) {
    throw new ClouderError("config", `${file} must hold "flag: value" lines only`);
  }
  return value as Record<string, string | number | boolean>;
}
