import {
  blockBytes,
  malformed,
  paddingOf,
  parseHeader,
  parsePaxRecords,
} from "#checkpoint/archive/tar-format";
import type { TarHeader } from "#checkpoint/archive/tar-format";

/** One entry of a tar, extensions applied. Offsets count from the tar's first byte. */
export interface TarEntry {
  readonly name: string;
  readonly type: TarEntryType;
  readonly size: number;
  readonly mode: number;
  readonly modified: number;
  readonly link?: string;
  /** Where its first extension or its header starts. */
  readonly headerOffset: number;
  readonly dataOffset: number;
}

export type TarEntryType = "file" | "directory" | "symlink" | "link" | "device" | "other";

export interface TarLimits {
  readonly entries: number;
  readonly nameBytes: number;
  readonly extensionBytes: number;
}

/** Far above what runtimes write (hundreds of CRIU images per process tree). */
export const defaultLimits: TarLimits = {
  entries: 100_000,
  nameBytes: 4096,
  extensionBytes: 1024 * 1024,
};

export interface TarWalk {
  readonly entries: readonly TarEntry[];
  /** First byte after the last entry's padding: where the end marker starts. */
  readonly end: number;
}

interface Extension {
  name?: string;
  link?: string;
  size?: number;
  modified?: number;
}

const types: Readonly<Record<string, TarEntryType>> = {
  "0": "file",
  "7": "file",
  "1": "link",
  "2": "symlink",
  "3": "device",
  "4": "device",
  "5": "directory",
  "6": "device",
};

/**
 * Reads the headers of a tar of `size` bytes and hops over the data, so that its cost is that of
 * the entries, not of the bytes. `read` gives exactly the bytes asked for.
 */
export async function walkTar(
  size: number,
  read: (offset: number, length: number) => Promise<Uint8Array>,
  limits: TarLimits = defaultLimits,
): Promise<TarWalk> {
  const entries: TarEntry[] = [];
  let at = 0;
  let start = 0;
  let extension: Extension = {};
  while (at + blockBytes <= size) {
    const header = parseHeader(await read(at, blockBytes));
    if (header === undefined) return { entries, end: at };
    const last = entries.at(-1)?.name;
    const dataOffset = at + blockBytes;
    if (isExtension(header.type)) {
      if (header.size > limits.extensionBytes || dataOffset + header.size > size) {
        throw malformed("an extension header is too long", last);
      }
      extension = extend(extension, header, await read(dataOffset, header.size));
      at = dataOffset + header.size + paddingOf(header.size);
      continue;
    }
    const entry = entryOf(header, extension, start, dataOffset);
    if (Buffer.byteLength(entry.name) > limits.nameBytes)
      throw malformed("a name is too long", last);
    at = dataOffset + entry.size + paddingOf(entry.size);
    if (dataOffset + entry.size > size) throw malformed("it ends inside an entry", entry.name);
    entries.push(entry);
    if (entries.length > limits.entries) {
      throw malformed(`it has more than ${limits.entries} entries`, entry.name);
    }
    start = at;
    extension = {};
  }
  throw malformed("its end marker is missing", entries.at(-1)?.name);
}

export function isExtension(type: string): boolean {
  return type === "x" || type === "g" || type === "L" || type === "K";
}

function extend(known: Extension, header: TarHeader, payload: Uint8Array): Extension {
  const text = () => Buffer.from(payload).toString("utf8").replace(/\0.*$/s, "");
  if (header.type === "L") return { ...known, name: text() };
  if (header.type === "K") return { ...known, link: text() };
  if (header.type === "g") return known;
  const records = parsePaxRecords(payload);
  const next = { ...known };
  const name = records.get("path");
  const link = records.get("linkpath");
  if (name !== undefined) next.name = name;
  if (link !== undefined) next.link = link;
  const size = records.get("size");
  if (size !== undefined) next.size = paxNumber(size, /^\d{1,15}$/);
  const modified = records.get("mtime");
  if (modified !== undefined) next.modified = paxNumber(modified, /^-?\d{1,12}(\.\d{1,12})?$/);
  return next;
}

function paxNumber(text: string, form: RegExp): number {
  if (!form.test(text)) throw malformed("a PAX record is not a number");
  return Number(text);
}

function entryOf(
  header: TarHeader,
  extension: Extension,
  headerOffset: number,
  dataOffset: number,
): TarEntry {
  const name = extension.name ?? header.name;
  const link = extension.link ?? header.link;
  const known = types[header.type] ?? "other";
  // Old writers mark folders by a trailing slash only.
  const type = known === "file" && name.endsWith("/") ? "directory" : known;
  return {
    name,
    type,
    size: type === "file" || type === "other" ? (extension.size ?? header.size) : 0,
    mode: header.mode & 0o7777,
    modified: extension.modified ?? header.modified,
    ...(link === "" ? {} : { link }),
    headerOffset,
    dataOffset,
  };
}
