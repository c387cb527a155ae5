import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ClouderError, isClouderError } from "#core/error";
import { fileError } from "#checkpoint/stores/file-error";
import {
  blockBytes,
  isGnu,
  largestOctalSize,
  malformed,
  paddingOf,
  parsePaxRecords,
  paxHeader,
  withSize,
} from "#checkpoint/archive/tar-format";
import { walkTar } from "#checkpoint/archive/tar-walk";
import type { TarEntry } from "#checkpoint/archive/tar-walk";

/**
 * The kubelet's tar as it would be had no page been diverted: spooled `pages-*.img` stand in the
 * place of the empty entries that the handler left. Nothing is written; reads are positional, so
 * that several can be under way.
 */
export interface RawTar extends AsyncDisposable {
  readonly bytes: number;
  /** With offsets and sizes as in the whole tar. */
  readonly entries: readonly TarEntry[];
  /** Bytes that came out of the spool. */
  readonly spooledBytes: number;
  /** Fills `target` from `offset` on. */
  read(target: Uint8Array, offset: number): Promise<void>;
}

interface Piece {
  readonly offset: number;
  readonly length: number;
  readonly from: { readonly file: FileHandle; readonly at: number } | Uint8Array;
}

const divertedName = /^checkpoint\/(pages-\d{1,9}\.img)$/;

/** Opens the tar at `source`; `integrity` when it is not a whole tar. */
export async function openRawTar(source: string, spool?: string): Promise<RawTar> {
  const files: FileHandle[] = [];
  const openFile = async (path: string) => {
    const file = await open(path, "r").catch((error: unknown) => {
      throw fileError(error, path);
    });
    files.push(file);
    return file;
  };
  const close = async () => {
    await Promise.all(files.map((file) => file.close()));
  };
  try {
    const file = await openFile(source);
    const sourceBytes = (await file.stat()).size;
    const readSource = (offset: number, length: number) => exactly(file, offset, length);
    const walk = await walkTar(sourceBytes, readSource);
    const layout = createLayout();
    for (const entry of walk.entries) {
      const name = divertedName.exec(entry.name)?.[1];
      const spooled =
        spool === undefined || name === undefined || entry.size > 0
          ? undefined
          : await openFile(join(spool, name)).catch(noneWhenAbsent);
      const pages = spooled && { file: spooled, bytes: (await spooled.stat()).size };
      await layout.add(entry, file, pages);
    }
    layout.copy(file, walk.end, sourceBytes - walk.end);
    return {
      bytes: layout.bytes(),
      entries: layout.entries,
      spooledBytes: layout.spooledBytes(),
      read: (target, offset) => readPieces(layout.pieces, target, offset),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function noneWhenAbsent(error: unknown): undefined {
  if (isClouderError(error) && error.code === "not-found") return undefined;
  throw error;
}

interface Pages {
  readonly file: FileHandle;
  readonly bytes: number;
}

function createLayout() {
  const pieces: Piece[] = [];
  const entries: TarEntry[] = [];
  let total = 0;
  let spooled = 0;
  const push = (length: number, from: Piece["from"]) => {
    if (length === 0) return;
    const last = pieces.at(-1);
    const joins =
      last !== undefined &&
      "file" in last.from &&
      "file" in from &&
      last.from.file === from.file &&
      last.from.at + last.length === from.at;
    if (joins) pieces[pieces.length - 1] = { ...last, length: last.length + length };
    else pieces.push({ offset: total, length, from });
    total += length;
  };
  const copy = (file: FileHandle, at: number, length: number) => {
    push(length, { file, at });
  };
  return {
    pieces,
    entries,
    bytes: () => total,
    spooledBytes: () => spooled,
    copy,
    add: async (entry: TarEntry, file: FileHandle, pages: Pages | undefined) => {
      const headerOffset = total;
      const headerBytes = entry.dataOffset - entry.headerOffset;
      if (pages === undefined) copy(file, entry.headerOffset, headerBytes);
      else {
        const header = await exactly(file, entry.headerOffset, headerBytes);
        const resized = resizedHeader(entry.name, header, pages.bytes);
        push(resized.length, resized);
      }
      const size = pages?.bytes ?? entry.size;
      entries.push({ ...entry, size, headerOffset, dataOffset: total });
      if (pages === undefined) copy(file, entry.dataOffset, size + paddingOf(size));
      else {
        spooled += size;
        copy(pages.file, 0, size);
        push(paddingOf(size), new Uint8Array(paddingOf(size)));
      }
    },
  };
}

/** The entry's extensions and header for `size` bytes of data. */
function resizedHeader(name: string, header: Buffer, size: number): Buffer {
  const extensions = header.subarray(0, header.length - blockBytes);
  const block = header.subarray(header.length - blockBytes);
  const main = withSize(block, size);
  if (size <= largestOctalSize || isGnu(block)) return Buffer.concat([extensions, main]);
  return Buffer.concat([
    paxHeader(name, new Map([...paxOf(extensions), ["size", String(size)]])),
    main,
  ]);
}

function paxOf(extensions: Buffer): Map<string, string> {
  if (extensions.length === 0) return new Map();
  if (String.fromCharCode(extensions[156] ?? 0) !== "x") {
    throw new ClouderError(
      "unsupported",
      "diverted pages above 8 GiB have an unknown tar extension",
    );
  }
  const size = Number.parseInt(extensions.toString("latin1", 124, 135), 8);
  return parsePaxRecords(extensions.subarray(blockBytes, blockBytes + size));
}

async function readPieces(pieces: readonly Piece[], target: Uint8Array, offset: number) {
  let at = offset;
  const end = offset + target.length;
  for (let number = firstPiece(pieces, offset); at < end; number += 1) {
    const piece = pieces[number];
    if (piece === undefined) throw malformed("it ends too early");
    const skip = at - piece.offset;
    const length = Math.min(piece.length - skip, end - at);
    const part = target.subarray(at - offset, at - offset + length);
    if ("file" in piece.from) await fill(piece.from.file, part, piece.from.at + skip);
    else part.set(piece.from.subarray(skip, skip + length));
    at += length;
  }
}

function firstPiece(pieces: readonly Piece[], offset: number): number {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieces[middle]?.offset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

async function exactly(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const target = Buffer.alloc(length);
  await fill(file, target, offset);
  return target;
}

async function fill(file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length;) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw malformed("the file became shorter while it was read");
    done += bytesRead;
  }
}
