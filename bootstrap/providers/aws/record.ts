import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writePrivate } from "#bootstrap/private-file";
import { ClouderError } from "#core/error";

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

/** The record in memory; changes are written one after the other. */
export interface RecordBook {
  current(): AwsRecord;
  change(next: (record: AwsRecord) => Partial<AwsRecord>): Promise<void>;
}

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
  const path = fileOf(folder);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as Partial<AwsRecord>;
    if (record.version === (1 as number) && record.region && record.account) {
      return { images: {}, intents: {}, generations: {}, ...record } as AwsRecord;
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
  place: Pick<AwsRecord, "account" | "region">,
): Promise<RecordBook> {
  const known = await readAwsRecord(folder);
  let record: AwsRecord = known ?? {
    version: 1,
    ...place,
    images: {},
    intents: {},
    generations: {},
  };
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
