import { join } from "node:path";
import {
  openRecordBook,
  readRecordFile,
  type RecordBook as Book,
} from "#bootstrap/providers/record-book";

/**
 * What this machine knows of a cluster in AWS beyond its spec: where it is, which images it took,
 * and what it was about to make. Written before each create; tags in AWS are the truth.
 */
export interface AwsRecord {
  readonly version: 1;
  readonly account: string;
  readonly region: string;
  /** AMI by architecture, so that later machines are like the first. */
  readonly images: Readonly<Record<string, string>>;
  /** Time at which the create of a part was begun. */
  readonly intents: Readonly<Record<string, number>>;
  /** How many things of a part are gone: their client tokens are used up. */
  readonly generations: Readonly<Record<string, number>>;
}

export type RecordBook = Book<AwsRecord>;

/** Stands for all parts: counts how often all was removed. */
export const everything = "*";

/** What makes the client token of a part new after each removal. */
export function generationOf({ generations }: AwsRecord, part: string): string {
  return `${generations[everything] ?? 0}.${generations[part] ?? 0}`;
}

/** The generations after the removal of parts. */
export function afterRemovalOf(
  { generations }: AwsRecord,
  parts: readonly string[],
): AwsRecord["generations"] {
  const next = parts.map((part) => [part, (generations[part] ?? 0) + 1]);
  return { ...generations, ...(Object.fromEntries(next) as AwsRecord["generations"]) };
}

const fileOf = (folder: string): string => join(folder, "aws.json");

/** The record of a cluster's folder; undefined when nothing was made from there yet. */
export async function readAwsRecord(folder: string): Promise<AwsRecord | undefined> {
  return await readRecordFile<AwsRecord>(fileOf(folder), (record) =>
    record.version === (1 as number) && record.region && record.account
      ? ({ images: {}, intents: {}, generations: {}, ...record } as AwsRecord)
      : undefined,
  );
}

/** Opens the record, or begins one. */
export async function openBook(
  folder: string,
  place: Pick<AwsRecord, "account" | "region">,
): Promise<RecordBook> {
  const first: AwsRecord = { version: 1, ...place, images: {}, intents: {}, generations: {} };
  return await openRecordBook(fileOf(folder), await readAwsRecord(folder), first);
}
