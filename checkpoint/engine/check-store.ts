import { systemNamespace } from "#checkpoint/api/names";
import type { CheckpointStore } from "#checkpoint/api/types";
import { factsAgeMs, parseFacts, staleAfterMs } from "#checkpoint/api/node-facts";
import { openPlace, type StoreReader } from "#checkpoint/engine/stored-checkpoints";
import { ClouderError, isClouderError } from "#core/error";
import type { Kube } from "#kube/kube";
import { configMaps } from "#kube/resources";

export interface StoreCheck {
  readonly store: string;
  readonly url: string;
  /** From where it was tried: "here" or a node's name. */
  readonly from: string;
  readonly ok: boolean;
  readonly message: string;
  readonly cure?: string;
}

/** Writes, reads and removes a small object; a file:// store is asked of every node's agent instead. */
export async function checkStoreOf(
  store: CheckpointStore,
  reader: StoreReader & { readonly now: number },
): Promise<readonly StoreCheck[]> {
  const { url } = store.spec;
  const named = { store: store.metadata.name, url };
  if (url.startsWith("file:")) {
    return checkFolder(await reader.kube(), url, named, reader.now);
  }
  try {
    const opened = await openPlace({ nameOrUrl: store.metadata.name }, reader);
    try {
      await opened.check(reader.signal);
    } finally {
      await opened.close();
    }
    return [{ ...named, from: "here", ok: true, message: "written, read back and removed" }];
  } catch (error) {
    if (!isClouderError(error) || error.code === "cancelled") throw error;
    const cure = error.hint === undefined ? {} : { cure: error.hint };
    return [{ ...named, from: "here", ok: false, message: error.message, ...cure }];
  }
}

async function checkFolder(
  kube: Kube,
  url: string,
  named: { readonly store: string; readonly url: string },
  now: number,
): Promise<readonly StoreCheck[]> {
  const folder = decodeURIComponent(new URL(url).pathname).replace(/\/+$/, "");
  const maps = await kube.list(configMaps, { namespace: systemNamespace });
  const facts = maps.flatMap((map) => parseFacts(map) ?? []);
  if (facts.length === 0) {
    throw new ClouderError("unreachable", `no agent has told whether it can write to ${folder}`, {
      hint: "look whether the agents run: kubectl clouder doctor",
    });
  }
  return facts.map((one) => {
    const fresh = factsAgeMs(one, now) <= staleAfterMs;
    const ok = fresh && one.storeFolders.some((known) => known.replace(/\/+$/, "") === folder);
    if (ok) return { ...named, from: one.nodeName, ok, message: "the agent can write there" };
    return {
      ...named,
      from: one.nodeName,
      ok,
      message: fresh
        ? "the agent cannot write there"
        : `its agent is silent since ${one.observedAt}`,
      cure: fresh
        ? `make the folder on the node and name it: kubectl clouder install --store-dir ${folder}`
        : `kubectl clouder doctor --node ${one.nodeName}`,
    };
  });
}
