import type { InlineFile } from "#checkpoint/archive/container-index";
import type { RawTar } from "#checkpoint/archive/raw-tar";

/**
 * Metadata files that the index carries, with the most bytes of each: inspect then needs no frame.
 * A longer one is left out, but for the log, whose tail tells most.
 */
const carried: Readonly<Record<string, number>> = {
  "config.dump": 32 * 1024,
  "spec.dump": 96 * 1024,
  "status.dump": 64 * 1024,
  status: 16 * 1024,
  "stats-dump": 4 * 1024,
  "dump.log": 32 * 1024,
};

export async function readInlineFiles(raw: RawTar): Promise<Record<string, InlineFile>> {
  const files: Record<string, InlineFile> = {};
  for (const entry of raw.entries) {
    const most = Object.hasOwn(carried, entry.name) ? carried[entry.name] : undefined;
    if (most === undefined || entry.type !== "file") continue;
    if (entry.size > most && entry.name !== "dump.log") continue;
    const data = new Uint8Array(Math.min(entry.size, most));
    await raw.read(data, entry.dataOffset + entry.size - data.length);
    files[entry.name] = { bytes: entry.size, data: Buffer.from(data.buffer).toString("base64") };
  }
  return files;
}
