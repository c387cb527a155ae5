import { systemNamespace } from "#checkpoint/api/names";
import { checkpointStores } from "#checkpoint/api/types";
import { openNamedStore } from "#checkpoint/agent/open-store";
import { listCheckpoints } from "#checkpoint/archive/catalog";
import { checkpointPrefix, type Manifest } from "#checkpoint/archive/manifest";
import {
  requireFittingFlags,
  requireNoFlags,
  type StoreFlags,
} from "#checkpoint/engine/fitting-flags";
import { whenInstalled } from "#checkpoint/engine/installed";
import { openStore } from "#checkpoint/stores/open-store";
import type { Store } from "#checkpoint/stores/store";
import { ClouderError } from "#core/error";
import { createRedactor } from "#core/redact";
import type { Kube } from "#kube/kube";

/** A store as the user names it: a CheckpointStore, or a URL reached with the SDK's own credentials. */
export interface StorePlace extends StoreFlags {
  readonly nameOrUrl: string;
}

export interface StoreReader {
  readonly kube: () => Promise<Kube>;
  readonly signal: AbortSignal;
}

/** Manifests in a store, read with the caller's own access; unreadable ones are an error at the end. */
export async function listStored(
  place: StorePlace,
  selection: { readonly namespace: string | undefined; readonly podName: string | undefined },
  reader: StoreReader,
): Promise<readonly Manifest[]> {
  const store = await openPlace(place, reader);
  try {
    const { namespace, podName } = selection;
    const filter = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(namespace === undefined || podName === undefined ? {} : { pod: podName }),
    };
    const found: Manifest[] = [];
    for await (const one of listCheckpoints(store, filter, reader.signal)) {
      if ("error" in one) throw one.error;
      if (podName === undefined || one.manifest.source.pod === podName) found.push(one.manifest);
    }
    return found;
  } finally {
    await store.close();
  }
}

/** The manifest of one checkpoint in a store. */
export async function findStored(
  place: StorePlace,
  id: string,
  namespace: string,
  reader: StoreReader,
): Promise<{ readonly manifest: Manifest; readonly location: string }> {
  const store = await openPlace(place, reader);
  try {
    for await (const one of listCheckpoints(store, { namespace }, reader.signal)) {
      if (!one.prefix.endsWith(`/${id}/`)) continue;
      if ("error" in one) throw one.error;
      const { pod } = one.manifest.source;
      const base = store.location.replace(/\/+$/, "");
      const location = `${base}/${checkpointPrefix(namespace, pod, id)}`;
      return { manifest: one.manifest, location };
    }
    throw new ClouderError(
      "not-found",
      `${store.location} holds no checkpoint ${id} of namespace "${namespace}"`,
      {
        hint: `see what is there: kubectl clouder checkpoint list -A --store ${place.nameOrUrl}`,
      },
    );
  } finally {
    await store.close();
  }
}

/** Opens the place with the caller's own rights: the CheckpointStore's Secret, or the SDK's chain. */
export async function openPlace(place: StorePlace, reader: StoreReader): Promise<Store> {
  const { nameOrUrl, endpoint, region, pathStyle } = place;
  if (!nameOrUrl.includes("://")) {
    requireNoFlags(nameOrUrl, place);
    return openNamed(nameOrUrl, await reader.kube());
  }
  requireFittingFlags(nameOrUrl, place);
  const s3 = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(pathStyle === true ? { forcePathStyle: true } : {}),
  };
  const azblob = endpoint === undefined ? {} : { endpoint };
  return openStore({ url: nameOrUrl, s3, azblob });
}

async function openNamed(name: string, kube: Kube): Promise<Store> {
  const stores = await whenInstalled(kube.list(checkpointStores));
  const url = stores.find((one) => one.metadata.name === name)?.spec.url ?? "";
  if (url.startsWith("file:")) {
    throw new ClouderError(
      "unsupported",
      `store "${name}" (${url}) lies on the nodes, out of reach from here`,
      {
        hint: "leave --store out: the cluster's own records are shown then",
      },
    );
  }
  const redactor = createRedactor();
  return openNamedStore({ kube, systemNamespace, redactor, openStore }, name);
}
