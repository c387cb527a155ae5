import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { AzureConfiguration } from "#bootstrap/providers/azure/configuration";
import { ClouderError } from "#core/error";
import type { CommandContext } from "#plugin/cli/command";
import { boolean, string } from "#plugin/cli/flags";
import { askInTurn, type Question } from "#plugin/cli/terminal-questions";

/** Flags of `azure configure`; the short ones are the original design's. */
export const azureLoginFlags = {
  "subscription-id": string({ char: "s", description: "subscription to work in" }),
  "tenant-id": string({ char: "t", description: "tenant of the login" }),
  "client-id": string({ char: "c", description: "client id of a service principal" }),
  "client-secret": string({
    description:
      "its secret; other users of this machine can read it here: see --client-secret-from",
  }),
  "client-secret-from": string({
    description: "where its secret is: env (AZURE_CLIENT_SECRET), a file, or - for standard input",
    exclusive: ["client-secret"],
  }),
  interactive: boolean({
    description: "ask for what is not given",
    default: true,
    allowNo: true,
  }),
};

interface LoginFlagValues {
  readonly "subscription-id": string | undefined;
  readonly "tenant-id": string | undefined;
  readonly "client-id": string | undefined;
  readonly "client-secret": string | undefined;
  readonly "client-secret-from": string | undefined;
  readonly interactive: boolean;
}

type Answers = Omit<AzureConfiguration, "sources">;

/** What the flags say, and a person at the terminal adds. */
export async function azureAnswers(
  flags: LoginFlagValues,
  context: CommandContext,
): Promise<Answers> {
  const { environment, report } = context;
  if (flags["client-secret"] !== undefined) {
    const message =
      "the secret in --client-secret is seen by other users of this machine and kept by your shell; use --client-secret-from";
    report({ type: "note", level: "warn", message });
  }
  const given = {
    subscription: flags["subscription-id"] ?? environment["AZURE_SUBSCRIPTION_ID"],
    tenant: flags["tenant-id"] ?? environment["AZURE_TENANT_ID"],
    client: flags["client-id"] ?? environment["AZURE_CLIENT_ID"],
    secret: flags["client-secret"] ?? (await secretFrom(flags["client-secret-from"], context)),
  };
  const answers = flags.interactive ? await asked(given, context.signal) : given;
  checkWhole(answers);
  const { subscription, tenant, client, secret } = answers;
  return {
    ...(subscription && { subscription }),
    ...(tenant && { tenant }),
    ...(client && { client }),
    ...(secret && { secret }),
  };
}

type Given = Readonly<Record<"subscription" | "tenant" | "client" | "secret", string | undefined>>;

function checkWhole({ tenant, client, secret }: Given): void {
  if (!client && !secret) return;
  const missing = [
    ...(tenant ? [] : ["--tenant-id"]),
    ...(client ? [] : ["--client-id"]),
    ...(secret ? [] : ["--client-secret-from"]),
  ];
  if (missing.length === 0) return;
  throw new ClouderError("usage", `a service principal needs ${missing.join(" and ")}, too`, {
    hint: "or leave client id and secret out, to use `az login`",
  });
}

async function secretFrom(
  from: string | undefined,
  { environment }: CommandContext,
): Promise<string | undefined> {
  if (from === undefined || from === "env") {
    const value = environment["AZURE_CLIENT_SECRET"];
    if (value || from === undefined) return value;
    throw new ClouderError("usage", "AZURE_CLIENT_SECRET is not set", {
      hint: "set it, or give - or a file to --client-secret-from",
    });
  }
  const value = from === "-" ? await text(process.stdin) : await fileText(from);
  const [line = ""] = value.split(/\r?\n/);
  if (line !== "") return line;
  throw new ClouderError("usage", `${from === "-" ? "standard input" : from} holds no secret`, {
    hint: "its first line is the secret of the service principal",
  });
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new ClouderError("usage", `cannot read the file ${path} of --client-secret-from`, {
      hint: "give a file that is there, - for standard input, or env",
      cause: error,
    });
  }
}

async function asked(given: Given, signal: AbortSignal): Promise<Given> {
  const missing = Object.values(given).some((value) => value === undefined);
  if (!missing) return given;
  if (!process.stdin.isTTY) {
    throw new ClouderError("usage", "there is no terminal to ask on", {
      hint: "give what is wanted as flags, and --no-interactive",
    });
  }
  const asking = fields.filter(({ name }) => given[name] === undefined);
  const found = (answers: readonly string[]): Given => {
    const typed = answers.map((answer, index) => [asking[index]?.name, answer] as const);
    return { ...given, ...(Object.fromEntries(typed) as Partial<Given>) };
  };
  // Without a client there is no secret: the login is that of `az login`.
  const isWhole = (answers: readonly string[]) => found(answers).client === "";
  const answers = await askInTurn(
    (soFar) => (isWhole(soFar) ? undefined : asking[soFar.length]?.question),
    signal,
  );
  return isWhole(answers) ? { ...found(answers), secret: undefined } : found(answers);
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const wrongId = (answer: string): string | undefined =>
  answer === "" || uuid.test(answer)
    ? undefined
    : "that is no id like 00000000-0000-0000-0000-000000000000; `az account show` shows them";

/** What is asked for, in this order. */
const fields: readonly { readonly name: keyof Given; readonly question: Question }[] = [
  {
    name: "subscription",
    question: { text: "Subscription id [the only one there is]: ", problem: wrongId },
  },
  // A tenant has a domain, too.
  { name: "tenant", question: { text: "Tenant id [that of az login]: " } },
  {
    name: "client",
    question: { text: "Client id [none: use az login]: ", problem: wrongId },
  },
  { name: "secret", question: { text: "Client secret (not shown): ", hidden: true } },
];
