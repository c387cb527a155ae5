import { readFile } from "node:fs/promises";
import { ClouderError, messageOf } from "#core/error";

type Environment = Readonly<Record<string, string | undefined>>;

/** Spellings of the same key in the wild, lower case and without separators. */
const keys: Readonly<Record<string, string>> = {
  accesskeyid: "accessKeyId",
  awsaccesskeyid: "accessKeyId",
  secretaccesskey: "secretAccessKey",
  awssecretaccesskey: "secretAccessKey",
  sessiontoken: "sessionToken",
  awssessiontoken: "sessionToken",
  connectionstring: "connectionString",
  azurestorageconnectionstring: "connectionString",
  accountname: "accountName",
  azurestorageaccount: "accountName",
  accountkey: "accountKey",
  azurestoragekey: "accountKey",
  sastoken: "sasToken",
  azurestoragesastoken: "sasToken",
};

const variables = {
  s3: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
  azblob: [
    "AZURE_STORAGE_ACCOUNT",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
  ],
} as const;

/**
 * Store credentials from where --credentials-from says: `env`, a file, or `-` for standard input;
 * JSON or `key = value` lines, an AWS credentials file included. Messages never show a value.
 */
export async function readCredentials(
  from: string | undefined,
  scheme: string,
  environment: Environment,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (from === undefined) return undefined;
  const pairs = from === "env" ? fromEnvironment(scheme, environment) : await fromText(from);
  const credentials: Record<string, string> = {};
  for (const [name, value] of pairs) {
    const key = keys[name.toLowerCase().replaceAll(/[_-]/g, "")];
    if (key === undefined) {
      throw new ClouderError(
        "usage",
        `"${name}" from ${named(from)} is no key of store credentials`,
        {
          hint: `use one of: ${[...new Set(Object.values(keys))].join(", ")}`,
        },
      );
    }
    credentials[key] = value;
  }
  checkWhole(scheme, credentials, from);
  return credentials;
}

function fromEnvironment(scheme: string, environment: Environment): [string, string][] {
  const wanted: readonly string[] = scheme === "azblob" ? variables.azblob : variables.s3;
  return wanted.flatMap((name) => {
    const value = environment[name];
    return value ? [[name, value] as [string, string]] : [];
  });
}

async function fromText(from: string): Promise<[string, string][]> {
  const text = await read(from);
  if (!text.trimStart().startsWith("{")) return lines(text, from);
  try {
    return Object.entries(JSON.parse(text) as Record<string, unknown>).map(([key, value]) => {
      if (typeof value !== "string") throw new Error(`${key} is not a text`);
      return [key, value];
    });
  } catch {
    // The parser's message may quote a secret.
    throw new ClouderError("usage", `${named(from)} is not valid JSON with texts as values`);
  }
}

async function read(from: string): Promise<string> {
  if (from === "-") {
    const chunks: Uint8Array[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
    return Buffer.concat(chunks).toString("utf8");
  }
  try {
    return await readFile(from, "utf8");
  } catch (error) {
    throw new ClouderError(
      "usage",
      `cannot read the credentials file ${from}: ${messageOf(error)}`,
      {
        hint: "give env, a file of yours, or - for standard input",
        cause: error,
      },
    );
  }
}

function lines(text: string, from: string): [string, string][] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^[#;[]/.test(line))
    .map((line, index) => {
      const at = line.indexOf("=");
      if (at < 1) {
        throw new ClouderError("usage", `line ${index + 1} of ${named(from)} is not "key = value"`);
      }
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    });
}

function checkWhole(scheme: string, found: Readonly<Record<string, string>>, from: string): void {
  const has = (key: string) => (found[key] ?? "") !== "";
  const whole =
    scheme === "azblob"
      ? ["connectionString", "accountKey", "sasToken"].some(has)
      : ["accessKeyId", "secretAccessKey"].every(has);
  if (whole) return;
  const wanted =
    scheme === "azblob"
      ? "connectionString, accountKey or sasToken"
      : "accessKeyId and secretAccessKey";
  throw new ClouderError("usage", `${named(from)} holds no ${wanted}`, {
    ...(from === "env"
      ? { hint: `set ${variables[scheme === "azblob" ? "azblob" : "s3"].join(", ")}` }
      : {}),
  });
}

function named(from: string): string {
  if (from === "env") return "the environment";
  return from === "-" ? "standard input" : from;
}
