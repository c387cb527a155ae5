import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writePrivate } from "#bootstrap/private-file";
import { ClouderError, messageOf } from "#core/error";

export const contextClouds = ["azure", "aws"] as const;
export type ContextCloud = (typeof contextClouds)[number];

/** `~/.clouder/clouder.yaml`: the accounts that commands can work with, and the one they do. */
export interface Contexts {
  /** `<cloud>:::<id>`. */
  readonly default_context: string | null;
  readonly current_context: string | null;
  readonly contexts: Readonly<Record<string, Readonly<Record<string, { readonly name: string }>>>>;
  /** All other settings of the file, kept as they are. */
  readonly rest: Readonly<Record<string, unknown>>;
}

const emptyRest = {
  version: "1.0.0",
  default_kubeconfig_path: null,
  default_ssh_key: null,
  default_kubeadm_cluster: null,
};

/** The file's place below the user's home. */
export function contextsPath(home: string): string {
  return join(home, ".clouder", "clouder.yaml");
}

/** Reads the file; without one there are no contexts. */
export async function readContexts(home: string): Promise<Contexts> {
  const path = contextsPath(home);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "clouder: {}";
    throw error;
  });
  const { parse } = await import("yaml");
  let clouder: Partial<Contexts> & Record<string, unknown>;
  try {
    // Ids of AWS accounts may start with 0: a key is a text, quoted or not.
    const file = parse(text, { schema: "failsafe" }) as { clouder?: unknown } | null;
    clouder = (file === null ? {} : typed(file.clouder)) as typeof clouder;
  } catch (error) {
    throw notValid(path, messageOf(error).split("\n")[0] ?? "", error);
  }
  if (typeof clouder !== "object" || Array.isArray(clouder)) {
    throw notValid(path, "it has no section clouder");
  }
  const { default_context = null, current_context = null, contexts = {}, ...rest } = clouder;
  return { default_context, current_context, contexts, rest: { ...emptyRest, ...rest } };
}

function notValid(path: string, why: string, cause?: unknown): ClouderError {
  return new ClouderError("config", `${path} is not valid: ${why}`, {
    hint: "repair it, or move it away and run: kubectl clouder ctx init",
    cause,
  });
}

/** The failsafe schema knows only texts. */
function typed(value: unknown): unknown {
  if (value === "null" || value === "~" || value === "") return null;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, typed(one)]));
}

/** Replaces the file (0600 in a folder 0700); ids are quoted. */
export async function writeContexts(home: string, all: Contexts): Promise<void> {
  const { Document, isMap, isScalar, visit } = await import("yaml");
  const { version, ...rest } = all.rest;
  const contexts = { ovh: {}, azure: {}, aws: {}, ...all.contexts };
  const document = new Document({
    clouder: {
      ...{ version, default_context: all.default_context, current_context: all.current_context },
      ...{ contexts, ...rest },
    },
  });
  for (const field of ["default_context", "current_context"]) {
    const value = document.getIn(["clouder", field], true);
    if (isScalar(value) && typeof value.value === "string") value.type = "QUOTE_DOUBLE";
  }
  const clouds = document.getIn(["clouder", "contexts"]);
  if (isMap(clouds)) {
    visit(clouds, {
      Pair: (_index, { key }) => {
        if (isScalar(key) && /\d/.test(String(key.value))) key.type = "QUOTE_DOUBLE";
      },
    });
  }
  await writePrivate(contextsPath(home), document.toString({ lineWidth: 0 }));
}

/** Cloud and account of a context's name. */
export function partsOf(context: string | null): { cloud: string; id: string } | undefined {
  const at = context?.indexOf(":::") ?? -1;
  if (context === null || at < 1) return undefined;
  return { cloud: context.slice(0, at), id: context.slice(at + 3) };
}
