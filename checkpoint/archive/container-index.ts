import {
  at,
  countOf,
  listOf,
  mapOf,
  numberOf,
  oneOf,
  optional,
  parseDocument,
  requireFormat,
  sha256Form,
  textOf,
  wrong,
} from "#checkpoint/archive/document-fields";
import type { Field } from "#checkpoint/archive/document-fields";
import type { TarEntryType } from "#checkpoint/archive/tar-walk";

/** `<container>.index.json`: what is where in the frames. Documented in docs/format.md. */
export interface ContainerIndex {
  readonly format: 1;
  readonly container: string;
  readonly rawBytes: number;
  readonly storedBytes: number;
  /** Raw bytes of every frame but the last, which may be shorter. */
  readonly frameBytes: number;
  readonly rawSha256: string;
  readonly storedSha256: string;
  readonly frames: readonly FrameRecord[];
  readonly entries: readonly IndexEntry[];
  /** Small metadata files, whole (or the tail of `dump.log`), by their name in the tar. */
  readonly files: Readonly<Record<string, InlineFile>>;
}

export interface FrameRecord {
  readonly rawOffset: number;
  readonly rawBytes: number;
  readonly storedOffset: number;
  readonly storedBytes: number;
  /** Hex digest of the stored bytes. */
  readonly sha256: string;
}

export interface IndexEntry {
  readonly name: string;
  readonly type: TarEntryType;
  readonly size: number;
  readonly mode: number;
  readonly modified: number;
  /** Where its data starts in the raw tar. */
  readonly offset: number;
  readonly link?: string;
}

export interface InlineFile {
  readonly bytes: number;
  /** The last of `bytes` bytes, when it is shorter than the file; base64. */
  readonly data: string;
}

const entryTypes: readonly TarEntryType[] = [
  "file",
  "directory",
  "symlink",
  "link",
  "device",
  "other",
];

/** Indexes stay far below this; anything larger is not ours. */
export const largestIndexBytes = 32 * 1024 * 1024;

/** Frames are stored as `[stored bytes, digest]`: offsets follow from the order. */
export function formatIndex(index: ContainerIndex): string {
  const frames = index.frames.map((frame) => [frame.storedBytes, frame.sha256]);
  return `${JSON.stringify({ ...index, frames })}\n`;
}

/** Strict: `integrity` names the field that is wrong. */
export function parseIndex(name: string, text: string): ContainerIndex {
  const document = parseDocument(name, text);
  const rawBytes = countOf(at(document, "rawBytes"));
  const storedBytes = countOf(at(document, "storedBytes"));
  const frameBytes = countOf(at(document, "frameBytes"), 256 * 1024 * 1024);
  if (frameBytes < 4096) throw wrong(at(document, "frameBytes"), "at least 4096");
  const index: ContainerIndex = {
    format: requireFormat(document),
    container: textOf(at(document, "container"), /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
    rawBytes,
    storedBytes,
    frameBytes,
    rawSha256: textOf(at(document, "rawSha256"), sha256Form),
    storedSha256: textOf(at(document, "storedSha256"), sha256Form),
    frames: parseFrames(at(document, "frames"), rawBytes, frameBytes),
    entries: listOf(at(document, "entries"), 100_000, (entry) => parseEntry(entry, rawBytes)),
    files: mapOf(at(document, "files"), 32, (file) => ({
      bytes: countOf(at(file, "bytes")),
      data: textOf(at(file, "data"), /^[A-Za-z0-9+/]*={0,2}$/),
    })),
  };
  const last = index.frames.at(-1);
  if ((last ? last.storedOffset + last.storedBytes : 0) !== storedBytes) {
    throw wrong(at(document, "storedBytes"), "the sum of the frames");
  }
  return index;
}

function parseFrames(field: Field, rawBytes: number, frameBytes: number): FrameRecord[] {
  const wanted = Math.ceil(rawBytes / frameBytes);
  let storedOffset = 0;
  let rawOffset = 0;
  const frames = listOf(field, 1_000_000, (frame) => {
    const pair = listOf(frame, 2, (part) => part);
    const [bytes, digest] = pair;
    if (bytes === undefined || digest === undefined) throw wrong(frame, "a pair");
    const record: FrameRecord = {
      rawOffset,
      rawBytes: Math.min(frameBytes, rawBytes - rawOffset),
      storedOffset,
      storedBytes: countOf(bytes, frameBytes * 2),
      sha256: textOf(digest, sha256Form),
    };
    rawOffset += record.rawBytes;
    storedOffset += record.storedBytes;
    return record;
  });
  if (frames.length !== wanted) throw wrong(field, `a list of ${wanted}`);
  return frames;
}

function parseEntry(entry: Field, rawBytes: number): IndexEntry {
  const link = optional(at(entry, "link"), textOf);
  const size = countOf(at(entry, "size"), rawBytes);
  return {
    name: textOf(at(entry, "name")),
    type: oneOf(at(entry, "type"), entryTypes),
    size,
    mode: countOf(at(entry, "mode"), 0o7777),
    modified: numberOf(at(entry, "modified")),
    offset: countOf(at(entry, "offset"), rawBytes - size),
    ...(link === undefined ? {} : { link }),
  };
}

/** The entry whose data lies at a raw offset, or the one whose header does; for messages. */
export function entryAt(index: ContainerIndex, rawOffset: number): IndexEntry | undefined {
  return index.entries.findLast((entry) => entry.offset <= rawOffset) ?? index.entries[0];
}
