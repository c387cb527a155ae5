import {
  contextClouds,
  partsOf,
  readContexts,
  writeContexts,
  type ContextCloud,
  type Contexts,
} from "#bootstrap/contexts/contexts-file";
import { ClouderError, isClouderError, messageOf } from "#core/error";

export interface CloudAccount {
  readonly id: string;
  readonly name: string;
}

/** Asks each cloud which accounts the user's login sees. */
export type AccountSources = Readonly<Record<ContextCloud, () => Promise<readonly CloudAccount[]>>>;

export interface ContextView {
  readonly context: string;
  readonly cloud: string;
  readonly id: string;
  readonly name: string;
  readonly current: boolean;
}

export interface NotListed {
  readonly cloud: string;
  readonly cause: string;
  readonly cure?: string;
}

export interface SyncedContexts {
  readonly added: number;
  readonly updated: number;
  readonly contexts: readonly ContextView[];
  /** Clouds that could not be asked, each with its cause. */
  readonly notListed: readonly NotListed[];
}

/**
 * Writes what the clouds tell into the contexts file. What is there stays: the current context,
 * settings, accounts that no cloud names now. The first account found becomes the current context
 * where there is none.
 */
export async function syncContexts(home: string, sources: AccountSources): Promise<SyncedContexts> {
  const before = await readContexts(home);
  const contexts: Record<string, Record<string, { readonly name: string }>> = {};
  for (const [cloud, accounts] of Object.entries(before.contexts))
    contexts[cloud] = { ...accounts };
  const notListed: NotListed[] = [];
  let [added, updated] = [0, 0];
  const answers = await Promise.allSettled(contextClouds.map((cloud) => sources[cloud]()));
  answers.forEach((answer, index) => {
    const cloud = contextClouds[index] ?? "azure";
    if (answer.status === "rejected") {
      notListed.push({ cloud, cause: messageOf(answer.reason), ...cureOf(answer.reason) });
      return;
    }
    const known = (contexts[cloud] ??= {});
    for (const { id, name } of answer.value) {
      if (!known[id]) added += 1;
      else if (known[id].name !== name) updated += 1;
      known[id] = { ...known[id], name };
    }
  });
  const first = viewsOf({ ...before, contexts })[0]?.context ?? null;
  const after: Contexts = {
    ...before,
    contexts,
    default_context: before.default_context ?? first,
    current_context: before.current_context ?? first,
  };
  await writeContexts(home, after);
  return { added, updated, contexts: viewsOf(after), notListed };
}

function cureOf(error: unknown): Pick<NotListed, "cure"> {
  return isClouderError(error) && error.hint !== undefined ? { cure: error.hint } : {};
}

/** How the clouds' accounts are written. */
const ids: Readonly<Record<ContextCloud, { form: RegExp; like: string; example: string }>> = {
  azure: {
    form: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
    like: "the id of an Azure subscription",
    example: "00000000-0000-0000-0000-000000000000",
  },
  aws: { form: /^\d{12}$/, like: "an AWS account, twelve digits", example: "012345678901" },
};

/** Makes an account the one that later commands work with; it must be one that the cloud names. */
export async function setContext(
  home: string,
  cloud: string,
  id: string,
  sources: AccountSources,
): Promise<ContextView> {
  const named = contextClouds.find((one) => one === cloud);
  if (!named) {
    throw new ClouderError("usage", `unknown cloud "${cloud}"`, {
      hint: `use one of: ${contextClouds.join(", ")}`,
    });
  }
  const { form, like, example } = ids[named];
  if (!form.test(id)) {
    throw new ClouderError("usage", `"${id}" is not ${like}`, {
      hint: `use for example ${example}`,
    });
  }
  const before = await readContexts(home);
  const account = before.contexts[cloud]?.[id] ?? (await accountOf(named, id, sources));
  const context = `${cloud}:::${id}`;
  const contexts = {
    ...before.contexts,
    [cloud]: { ...before.contexts[cloud], [id]: { ...account } },
  };
  const default_context = before.default_context ?? context;
  await writeContexts(home, { ...before, contexts, default_context, current_context: context });
  return { context, cloud, id, name: account.name, current: true };
}

async function accountOf(cloud: ContextCloud, id: string, sources: AccountSources) {
  const seen = await sources[cloud]();
  const found = seen.find((one) => one.id === id);
  if (found) return { name: found.name };
  throw new ClouderError("not-found", `the ${cloud} login sees no account "${id}"`, {
    hint: `it sees: ${seen.map((one) => `${one.id} (${one.name})`).join(", ") || "none"}`,
  });
}

/** All contexts of the file. */
export async function listContexts(home: string): Promise<readonly ContextView[]> {
  return viewsOf(await readContexts(home));
}

/** The context that commands work with; `not-found` when none was chosen. */
export async function currentContext(home: string): Promise<ContextView> {
  const found = (await listContexts(home)).find(({ current }) => current);
  if (found) return found;
  throw new ClouderError("not-found", "no context is chosen", {
    hint: "run: kubectl clouder ctx init, then ctx set CLOUD ID",
  });
}

/** Takes a context out of the file; the current one stays. */
export async function removeContext(home: string, context: string): Promise<void> {
  const before = await readContexts(home);
  const found = viewsOf(before).find((one) => one.context === context);
  if (!found) {
    throw new ClouderError("not-found", `there is no context "${context}"`, {
      hint: "see: kubectl clouder ctx ls",
    });
  }
  if (found.current) {
    throw new ClouderError("refused", `${context} is the current context`, {
      hint: "choose another one first: kubectl clouder ctx set CLOUD ID",
    });
  }
  const others = Object.fromEntries(
    Object.entries(before.contexts[found.cloud] ?? {}).filter(([id]) => id !== found.id),
  );
  await writeContexts(home, {
    ...before,
    default_context: before.default_context === context ? null : before.default_context,
    contexts: { ...before.contexts, [found.cloud]: others },
  });
}

function viewsOf({ contexts, current_context }: Contexts): readonly ContextView[] {
  const current = partsOf(current_context);
  return Object.entries(contexts).flatMap(([cloud, accounts]) =>
    Object.entries(accounts).map(([id, { name }]) => ({
      context: `${cloud}:::${id}`,
      ...{ cloud, id, name },
      current: current?.cloud === cloud && current.id === id,
    })),
  );
}
