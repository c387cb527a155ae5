import { ClouderError, hasCode } from "#core/error";
import type { Redactor } from "#core/redact";
import type { Kube } from "#kube/kube";
import { secrets } from "#kube/resources";
import { checkpointStores } from "#checkpoint/api/types";
import type { Store, StoreSettings } from "#checkpoint/stores/store";

export interface StoreAccess {
  readonly kube: Kube;
  /** Where the Secrets with credentials lie. */
  readonly systemNamespace: string;
  readonly redactor: Redactor;
  readonly openStore: (settings: StoreSettings) => Promise<Store>;
}

/** Opens the CheckpointStore of that name with the credentials of its Secret. */
export async function openNamedStore(access: StoreAccess, name: string): Promise<Store> {
  const { spec } = await access.kube.get(checkpointStores, { name }).catch((error: unknown) => {
    if (!hasCode(error, "not-found")) throw error;
    throw new ClouderError("not-found", `there is no CheckpointStore "${name}"`, {
      cause: error,
      hint: "see which there are: kubectl clouder store list",
    });
  });
  const { url, s3, azblob, credentialsSecretName } = spec;
  const credentials =
    credentialsSecretName === undefined
      ? undefined
      : await readSecret(access, credentialsSecretName);
  return access.openStore({
    url,
    ...(s3 === undefined ? {} : { s3 }),
    ...(azblob === undefined ? {} : { azblob }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}

async function readSecret(
  access: StoreAccess,
  name: string,
): Promise<Readonly<Record<string, string>>> {
  const namespace = access.systemNamespace;
  const secret = await access.kube.get(secrets, { name, namespace }).catch((error: unknown) => {
    if (!hasCode(error, "not-found")) throw error;
    throw new ClouderError("config", `the store's Secret ${namespace}/${name} does not exist`, {
      cause: error,
      hint: "make the store again with its credentials: kubectl clouder store create",
    });
  });
  const entries = Object.entries(secret.data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")] as const,
  );
  for (const [, value] of entries) access.redactor.hide(value);
  return Object.fromEntries(entries);
}
