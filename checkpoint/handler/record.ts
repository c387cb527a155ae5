import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { ClouderError, messageOf } from "#core/error";
import type { ContainerIdentity } from "#checkpoint/handler/bundle";

/** `restores/<uid>/record.json`, written by the agent once everything is staged. */
export interface RestoreRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly podName: string;
  readonly sourcePodIPs: readonly string[];
  /** Names of the containers that are staged under `containers/`. */
  readonly containers: readonly string[];
  /** Ids of images that the pod names by tag only, by container; the agent compares them. */
  readonly images?: Readonly<Record<string, string>>;
  /** RFC 3339; after it nothing is restored any more. */
  readonly expiresAt: string;
}

/** A Kubernetes UID; what the annotation holds becomes a path only in this form. */
const uidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const nameForm = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const again = "restore it with: kubectl clouder restore pod";

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function parseRecord(text: string): RestoreRecord {
  const value = JSON.parse(text) as Partial<Record<keyof RestoreRecord, unknown>>;
  const { uid, namespace, podName, sourcePodIPs, containers, expiresAt } = value;
  if (
    typeof uid !== "string" ||
    typeof namespace !== "string" ||
    typeof podName !== "string" ||
    !isStrings(sourcePodIPs) ||
    !sourcePodIPs.every((address) => isIP(address) !== 0) ||
    !isStrings(containers) ||
    typeof expiresAt !== "string" ||
    Number.isNaN(Date.parse(expiresAt))
  ) {
    throw new ClouderError("integrity", "its record.json is not what the agent writes");
  }
  return { uid, namespace, podName, sourcePodIPs, containers, expiresAt };
}

/** Folder of a Restore's staged data; refuses anything that is not a UID. */
export function restoreFolder(restores: string, uid: string): string {
  if (!uidForm.test(uid)) {
    throw new ClouderError("refused", `the restore annotation "${uid.slice(0, 64)}" is no UID`, {
      hint: again,
    });
  }
  return join(restores, uid);
}

/** Reads the record of a Restore; `refused` when this node has none. */
export async function readRecord(folder: string, uid: string): Promise<RestoreRecord> {
  let text: string;
  try {
    text = await readFile(join(folder, "record.json"), "utf8");
  } catch (error) {
    throw new ClouderError("refused", `no restore ${uid} is staged on this node`, {
      hint: again,
      cause: error,
    });
  }
  try {
    return parseRecord(text);
  } catch (error) {
    throw new ClouderError("refused", `restore ${uid}: ${messageOf(error)}`, { cause: error });
  }
}

/** Refuses a pod that is not the one the record was written for. */
export function guardIdentity(record: RestoreRecord, who: ContainerIdentity): void {
  const refuse = (what: string, wanted: string, got: string) =>
    new ClouderError("refused", `restore ${record.uid} is for ${what} "${wanted}", not "${got}"`, {
      hint: again,
    });
  if (record.uid !== who.restoreUID) throw refuse("UID", record.uid, who.restoreUID);
  if (record.namespace !== who.namespace) {
    throw refuse("namespace", record.namespace, who.namespace);
  }
  if (record.podName !== who.podName) throw refuse("pod", record.podName, who.podName);
  if (!nameForm.test(who.containerName)) {
    throw new ClouderError("refused", `invalid container name "${who.containerName}"`);
  }
}

/** Refuses a record whose time is over. */
export function guardExpiry(record: RestoreRecord, now: number): void {
  if (Date.parse(record.expiresAt) <= now) {
    throw new ClouderError("refused", `restore ${record.uid} expired at ${record.expiresAt}`, {
      hint: again,
    });
  }
}
