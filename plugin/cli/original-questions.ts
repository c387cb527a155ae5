import { clusterFolder, readRecord } from "#bootstrap/cluster-folder";
import { partsOf, readContexts } from "#bootstrap/contexts/contexts-file";
import { providers } from "#bootstrap/providers/registry";
import { ClouderError } from "#core/error";
import { homeOf } from "#plugin/cli/clusters";
import type { CommandContext } from "#plugin/cli/command";

type Flags = Readonly<Record<string, unknown>>;

/** Any of these says where machines come from: then nothing is asked. */
const saying = ["provider", "filename", "host", "region", "yes"];

/**
 * What the original asks of who names a new cluster and nothing else, on a terminal; each question has a
 * flag, and an empty answer takes what the flag's absence means.
 */
export async function createAnswers(
  flags: Flags,
  name: unknown,
  context: CommandContext,
): Promise<Flags> {
  const { ask } = context;
  if (!ask || saying.some((one) => flags[one] !== undefined && flags[one] !== false)) return {};
  const home = homeOf(context);
  if (typeof name === "string" && (await readRecord(clusterFolder(home, name)))) return {};
  const usual = partsOf((await readContexts(home)).current_context)?.cloud ?? "local";
  const text = async (question: string) => {
    const answer = (await ask(question)).trim();
    return answer === "" ? undefined : answer;
  };
  const provider = (await text(`Machines from local, ssh, aws or azure [${usual}]:`)) ?? usual;
  if (!Object.hasOwn(providers, provider)) {
    throw new ClouderError("usage", `"${provider}" gives no machines`, {
      hint: `say one of: ${Object.keys(providers).join(", ")}`,
    });
  }
  const place = await placeOf(provider, text);
  const own = provider === "ssh" ? {} : { workers: await workersOf(text) };
  const version = await text("Kubernetes version [the packages' newest]:");
  return {
    ...{ provider, ...place, ...own },
    ...(version !== undefined && { "kubernetes-version": version }),
  };
}

type Text = (question: string) => Promise<string | undefined>;

async function placeOf(provider: string, text: Text): Promise<Flags> {
  if (provider === "ssh") {
    const hosts = await text("Hosts, the control plane first (user@address …):");
    return { host: hosts?.split(/[\s,]+/) };
  }
  if (provider === "local") return {};
  const region = await text("Region:");
  const plane = await text("Size of the control plane [the provider's]:");
  const worker = await text("Size of workers [the provider's]:");
  return {
    ...(region !== undefined && { region }),
    ...(plane !== undefined && { "control-plane-size": plane }),
    ...(worker !== undefined && { "worker-size": worker }),
  };
}

async function workersOf(text: Text): Promise<number> {
  const answer = (await text("Number of workers [3]:")) ?? "3";
  if (/^\d{1,3}$/.test(answer)) return Number(answer);
  throw new ClouderError("usage", `"${answer}" is no number of workers`, {
    hint: "say for example 2",
  });
}
