import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Header, pack } from "tar-stream";

export type TestEntry = Partial<Header> & { readonly name: string; readonly body?: string };

/** Writes a tar with exactly these entries, gzip when the path ends in .gz. */
export async function writeTar(path: string, entries: readonly TestEntry[]): Promise<void> {
  const tar = pack();
  const file = createWriteStream(path);
  const written = path.endsWith(".gz") ? pipeline(tar, createGzip(), file) : pipeline(tar, file);
  for (const { body, ...header } of entries) {
    if (header.type === undefined || header.type === "file") tar.entry(header, body ?? "");
    else tar.entry(header);
  }
  tar.finalize();
  await written;
}

export const opaque = { pax: { "SCHILY.xattr.trusted.overlay.opaque": "y" } };
export const whiteout = { type: "character-device", devmajor: 0, devminor: 0 } as const;
