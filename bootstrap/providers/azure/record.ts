import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writePrivate } from "#bootstrap/private-file";
import { ClouderError } from "#core/error";

/**
 * What this machine knows of a cluster in Azure beyond its spec: where it is, which images it took,
 * and what it was about to make. Written before each create; tags in Azure are the truth.
 */
export interface AzureRecord {
  readonly version: 1;
  readonly subscription: string;
  readonly region: string;
  readonly resourceGroup: string;
  /** Version of the image by architecture, so that later machines are like the first. */
  readonly images: Readonly<Record<string, string>>;
  /** Whether machines are spread over zones was decided once. */
  readonly zones?: readonly string[];
  /** Time at which the create of a thing was begun, by its path in the group. */
  readonly intents: Readonly<Record<string, number>>;
}

/** The record in memory; changes are written one after the other. */
export interface RecordBook {
  current(): AzureRecord;
  change(next: (record: AzureRecord) => Partial<AzureRecord>): Promise<void>;
}

const fileOf = (folder: string): string => join(folder, "azure.json");

/** The record of a cluster's folder; undefined when nothing was made from there yet. */
export async function readAzureRecord(folder: string): Promise<AzureRecord | undefined> {
  const path = fileOf(folder);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as Partial<AzureRecord>;
    if (record.version === (1 as number) && record.subscription && record.region) {
      return { images: {}, intents: {}, ...record } as AzureRecord;
    }
  } catch {
    // Told below, as every file that is not ours.
  }
  throw new ClouderError("config", `${path} was not written by this program`, {
    hint: "move it away; what was made is found again by its tags",
  });
}

/** Opens the record, or begins one. */
export async function openBook(
  folder: string,
  place: Pick<AzureRecord, "subscription" | "region" | "resourceGroup">,
): Promise<RecordBook> {
  const known = await readAzureRecord(folder);
  let record: AzureRecord = known ?? { version: 1, ...place, images: {}, intents: {} };
  let writing: Promise<void> = Promise.resolve();
  const write = async () => {
    await writePrivate(fileOf(folder), `${JSON.stringify(record, null, 2)}\n`);
  };
  if (!known) await write();
  return {
    current: () => record,
    change: (next) => {
      record = { ...record, ...next(record) };
      // A write that failed was told to its own caller; the next one writes all again.
      writing = writing.catch(() => undefined).then(write);
      return writing;
    },
  };
}
