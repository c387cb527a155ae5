import { readFile } from "node:fs/promises";
import { writePrivate } from "#bootstrap/private-file";
import { ClouderError } from "#core/error";

/** A cloud's record in memory; changes are written one after the other. */
export interface RecordBook<Record extends object> {
  current(): Record;
  change(next: (record: Record) => Partial<Record>): Promise<void>;
}

/** Reads a record that `read` recognises; undefined when the file is absent. */
export async function readRecordFile<Record extends object>(
  path: string,
  read: (content: Partial<Record>) => Record | undefined,
): Promise<Record | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const record = read(JSON.parse(text) as Partial<Record>);
    if (record) return record;
  } catch {
    // Told below, as every file that is not ours.
  }
  throw new ClouderError("config", `${path} was not written by this program`, {
    hint: "move it away; what was made is found again by its tags",
  });
}

/** Opens a book on the record that was read, or writes the first one. */
export async function openRecordBook<Record extends object>(
  path: string,
  known: Record | undefined,
  first: Record,
): Promise<RecordBook<Record>> {
  let record = known ?? first;
  let writing: Promise<void> = Promise.resolve();
  const write = async () => {
    await writePrivate(path, `${JSON.stringify(record, null, 2)}\n`);
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
