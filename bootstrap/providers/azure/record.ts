import { join } from "node:path";
import {
  openRecordBook,
  readRecordFile,
  type RecordBook as Book,
} from "#bootstrap/providers/record-book";

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

export type RecordBook = Book<AzureRecord>;

const fileOf = (folder: string): string => join(folder, "azure.json");

/** The record of a cluster's folder; undefined when nothing was made from there yet. */
export async function readAzureRecord(folder: string): Promise<AzureRecord | undefined> {
  return await readRecordFile<AzureRecord>(fileOf(folder), (record) =>
    record.version === (1 as number) && record.subscription && record.region
      ? ({ images: {}, intents: {}, ...record } as AzureRecord)
      : undefined,
  );
}

/** Opens the record, or begins one. */
export async function openBook(
  folder: string,
  place: Pick<AzureRecord, "subscription" | "region" | "resourceGroup">,
): Promise<RecordBook> {
  const first: AzureRecord = { version: 1, ...place, images: {}, intents: {} };
  return await openRecordBook(fileOf(folder), await readAzureRecord(folder), first);
}
