import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { writePrivate } from "#bootstrap/private-file";
import { ClouderError } from "#core/error";

/** Who we are to Azure, as far as it was said; the rest is found by `az login` and its like. */
export interface AzureConfiguration {
  readonly subscription?: string;
  readonly tenant?: string;
  readonly client?: string;
  readonly secret?: string;
  /** The file of the secret, where others than its owner can read it. */
  readonly exposed?: string;
  /** Where each came from: "flag", "environment" or a file. */
  readonly sources: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Values = Readonly<Record<string, string | undefined>>;

const names = ["subscription", "tenant", "client", "secret"] as const;
const inFile = {
  ...{ subscription: "subscription_id", tenant: "tenant_id", client: "client_id" },
  secret: "client_secret",
} as const;
const variables = {
  ...{ subscription: "AZURE_SUBSCRIPTION_ID", tenant: "AZURE_TENANT_ID" },
  ...{ client: "AZURE_CLIENT_ID", secret: "AZURE_CLIENT_SECRET" },
} as const;

/** The file that `azure configure` writes. */
export const configurationFile = (home: string): string =>
  join(home, ".clouder", "azure", "azure.yaml");

/** Flags, then the environment, then the file; a secret goes with its own client only. */
export async function readConfiguration(
  environment: Environment,
  flags: Pick<AzureConfiguration, "subscription" | "tenant"> = {},
): Promise<AzureConfiguration> {
  const home = environment["HOME"] ?? homedir();
  const given = Object.fromEntries(names.map((name) => [name, environment[variables[name]]]));
  const sources: (readonly [string, Values])[] = [
    ["flag", { subscription: flags.subscription, tenant: flags.tenant }],
    ["environment", given],
    ...(await filesOf(home)),
  ];
  const found: Record<string, string> = {};
  const from: Record<string, string> = {};
  for (const [source, values] of sources) {
    for (const name of names) {
      const value = values[name];
      if (value === undefined || value === "" || name in found) continue;
      if (name === "secret" && found["client"] !== values["client"]) continue;
      found[name] = value;
      from[name] = source;
    }
  }
  return { ...found, ...(await exposure(from["secret"])), sources: from };
}

/** Where a secret came from a file: whether others than its owner can read that. */
async function exposure(source = ""): Promise<Pick<AzureConfiguration, "exposed">> {
  if (!source.startsWith("/")) return {};
  return ((await stat(source)).mode & 0o077) === 0 ? {} : { exposed: source };
}

/** Writes the file, readable for its owner only; what is not given stays as it was. */
export async function writeConfiguration(
  home: string,
  values: Omit<AzureConfiguration, "sources">,
): Promise<string> {
  const path = configurationFile(home);
  const known = (await fileValues(path)) ?? {};
  // Another client's secret is of no use.
  const kept = values.client === undefined || values.client === known["client"] ? known : {};
  const merged: Values = { ...known, secret: kept["secret"], ...values };
  const { stringify } = await import("yaml");
  const document = names.flatMap((name) => {
    const value = merged[name];
    return value === undefined ? [] : [[inFile[name], value] as const];
  });
  await writePrivate(path, stringify(Object.fromEntries(document)));
  return path;
}

async function filesOf(home: string): Promise<(readonly [string, Values])[]> {
  const paths = [
    configurationFile(home),
    // Where the original wrote it.
    join(home, ".clouder", "clouds", "azure", "azure.yaml"),
  ];
  const read = await Promise.all(
    paths.map(async (path) => [path, await fileValues(path)] as const),
  );
  return read.flatMap(([path, values]) => (values ? [[path, values] as const] : []));
}

async function fileValues(path: string): Promise<Values | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text);
  const content = document.errors.length > 0 ? undefined : (document.toJS() as unknown);
  if (typeof content !== "object" || content === null) {
    // The parser's message may quote a secret.
    throw new ClouderError("config", `${path} is not YAML with names and values`, {
      hint: "write it again: kubectl clouder azure configure",
    });
  }
  const values = content as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    names.map((name) => {
      const value = values[inFile[name]];
      return [name, typeof value === "string" ? value : undefined];
    }),
  );
}
