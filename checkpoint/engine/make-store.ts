import { apiVersion, fieldManager, systemNamespace } from "#checkpoint/api/names";
import { checkpoints, checkpointStores, type CheckpointStore } from "#checkpoint/api/types";
import { refuseFirst, requireFittingFlags } from "#checkpoint/engine/fitting-flags";
import { whenInstalled } from "#checkpoint/engine/installed";
import type { StoreLocation } from "#checkpoint/stores/location";
import { ClouderError, hasCode } from "#core/error";
import type { Reporter } from "#core/report";
import { commonLabels } from "#kube/install/labels";
import type { Kube } from "#kube/kube";
import { secrets, type Secret } from "#kube/resources";

export interface WantedStore {
  readonly name: string;
  readonly url: string;
  readonly endpoint?: string | undefined;
  /** The storage account of an az:// URL. */
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly pathStyle: boolean;
  readonly kmsKeyId?: string | undefined;
  /** Keys as in the credentials Secret; absent: the SDK's own chain on the nodes. */
  readonly credentials?: Readonly<Record<string, string>> | undefined;
  readonly default: boolean;
}

/** The Secret with a store's credentials. */
export function credentialsSecretName(storeName: string): string {
  return `clouder-store-${storeName}`;
}

/**
 * Creates or updates a CheckpointStore and its Secret; another URL under the same name is refused,
 * since checkpoints lie there. Idempotent.
 */
export async function makeStore(
  wanted: WantedStore,
  { kube, report }: { readonly kube: Kube; readonly report: Reporter },
): Promise<CheckpointStore> {
  const object = storeObject(wanted);
  const present = await whenInstalled(kube.list(checkpointStores));
  const same = present.find((one) => one.metadata.name === wanted.name);
  if (same && same.spec.url !== wanted.url) {
    throw new ClouderError(
      "exists",
      `store "${wanted.name}" is there already, with ${same.spec.url}`,
      {
        hint: "choose another name, or delete it first: kubectl clouder store delete",
      },
    );
  }
  // Validated first, so that a refused store leaves no Secret behind.
  await kube.apply(checkpointStores, object, fieldManager, { dryRun: true });
  if (wanted.credentials) await kube.apply(secrets, secretOf(wanted), fieldManager);
  const made = await kube.apply(checkpointStores, object, fieldManager);
  if (wanted.default) await onlyDefault(kube, wanted.name, present, report);
  return made;
}

/** Refuses settings that the URL's kind of store has not; gives that kind. */
export function requireFitting(
  wanted: Omit<WantedStore, "credentials">,
  withCredentials: boolean,
): StoreLocation["scheme"] {
  const { url, endpoint, account } = wanted;
  const location = requireFittingFlags(url, wanted);
  const { scheme } = location;
  const lacksAccount = scheme === "azblob" && location.account === undefined;
  refuseFirst(`does not go with ${url}`, "correct the URL", {
    "--account": !lacksAccount && account !== undefined,
    "--credentials-from": scheme === "file" && withCredentials,
  });
  if (lacksAccount && (account ?? endpoint) === undefined && !withCredentials) {
    throw noAccount(url);
  }
  return scheme;
}

function storeObject(wanted: WantedStore): CheckpointStore {
  const { endpoint, account, region, pathStyle, kmsKeyId, credentials } = wanted;
  const scheme = requireFitting(wanted, credentials !== undefined);
  const forS3 = given({ region, forcePathStyle: pathStyle || undefined, kmsKeyId });
  const service = given({ endpoint, account, ...forS3 });
  const secret = credentials === undefined ? undefined : credentialsSecretName(wanted.name);
  return {
    apiVersion,
    kind: "CheckpointStore",
    metadata: { name: wanted.name },
    spec: {
      url: wanted.url,
      ...given({ default: wanted.default || undefined, credentialsSecretName: secret }),
      ...(scheme === "file" || Object.keys(service).length === 0 ? {} : { [scheme]: service }),
    },
  };
}

function noAccount(url: string): ClouderError {
  return new ClouderError("usage", `${url} names no storage account`, {
    hint: "give --account, a connection string by --credentials-from, or azblob://account/container/prefix",
  });
}

/** The fields that have a value. */
function given<T extends Record<string, unknown>>(
  fields: T,
): { readonly [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}

function secretOf({ name, credentials = {} }: WantedStore): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: credentialsSecretName(name),
      namespace: systemNamespace,
      labels: commonLabels,
    },
    type: "Opaque",
    data: Object.fromEntries(
      Object.entries(credentials).map(([key, value]) => [
        key,
        Buffer.from(value).toString("base64"),
      ]),
    ),
  };
}

async function onlyDefault(
  kube: Kube,
  name: string,
  present: readonly CheckpointStore[],
  report: Reporter,
): Promise<void> {
  for (const { metadata, spec } of present) {
    if (metadata.name === name || spec.default !== true) continue;
    await kube.patch(checkpointStores, { name: metadata.name }, { spec: { default: false } });
    const message = `store ${metadata.name} is no longer the default`;
    report({ type: "note", level: "info", message });
  }
}

export interface StoreDeletion {
  readonly kube: Kube;
  readonly report: Reporter;
  readonly confirm: (question: string) => Promise<boolean>;
}

/** Deletes a CheckpointStore and its Secret; what it keeps stays where it is. */
export async function deleteStore(
  name: string,
  { kube, report, confirm }: StoreDeletion,
): Promise<void> {
  const store = await findStore(kube, name);
  const kept = (await kube.list(checkpoints)).filter((one) => one.status?.storeName === name);
  const warning = `${String(kept.length)} checkpoints lie in store "${name}"; they can be neither restored nor deleted until it is made again with the same URL`;
  const question = kept.length > 0 ? `${warning}. Delete it?` : `Delete store "${name}"?`;
  if (!(await confirm(question))) throw new ClouderError("cancelled", "nothing was deleted");
  if (kept.length > 0) report({ type: "note", level: "warn", message: warning });
  await kube.remove(checkpointStores, { name });
  const secret = store.spec.credentialsSecretName;
  // One that the user made and named belongs to the user.
  if (secret === credentialsSecretName(name)) {
    await kube.remove(secrets, { name: secret, namespace: systemNamespace });
  }
}

/** The CheckpointStore of that name; `not-found` names those there are. */
export async function findStore(kube: Kube, name: string): Promise<CheckpointStore> {
  try {
    return await whenInstalled(kube.get(checkpointStores, { name }));
  } catch (error) {
    if (!hasCode(error, "not-found") || error.message.includes("not installed")) throw error;
    const names = (await kube.list(checkpointStores)).map(({ metadata }) => metadata.name);
    throw new ClouderError("not-found", `there is no CheckpointStore "${name}"`, {
      cause: error,
      hint: names.length > 0 ? `there are: ${names.join(", ")}` : "kubectl clouder store create",
    });
  }
}
