import { ClouderError } from "#core/error";
import { printable } from "#core/redact";

/** The parts of the tar format that runtimes write: ustar, PAX records, GNU long names and sizes. */

export const blockBytes = 512;

/** One header block as it stands, before PAX and GNU extensions are applied. */
export interface TarHeader {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly modified: number;
  readonly link: string;
}

const field = {
  name: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  modified: [136, 12],
  checksum: [148, 8],
  link: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
} as const;

function bytesOf(block: Uint8Array, [start, length]: readonly [number, number]): Buffer {
  return Buffer.from(block.buffer, block.byteOffset + start, length);
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

function numberOf(bytes: Buffer, what: string): number {
  const first = bytes[0] ?? 0;
  if (first & 0x80) return base256(bytes, what);
  const text = bytes
    .toString("latin1")
    .replaceAll(/[\0 ]+/g, " ")
    .trim();
  if (text === "") return 0;
  if (!/^[0-7]+$/.test(text)) throw malformed(`${what} is not a number`);
  return Number.parseInt(text, 8);
}

function base256(bytes: Buffer, what: string): number {
  if ((bytes[0] ?? 0) & 0x40) throw malformed(`${what} is negative`);
  let value = BigInt((bytes[0] ?? 0) & 0x3f);
  for (const byte of bytes.subarray(1)) value = (value << 8n) | BigInt(byte);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed(`${what} is out of range`);
  return Number(value);
}

/** Gives undefined for a block of zeros; `integrity` for anything that is no header. */
export function parseHeader(block: Uint8Array): TarHeader | undefined {
  if (block.length !== blockBytes) throw malformed("it ends inside a header");
  const wanted = numberOf(bytesOf(block, field.checksum), "a checksum");
  const actual = checksumOf(block);
  if (actual === emptyChecksum && block.every((byte) => byte === 0)) return undefined;
  if (wanted !== actual) throw malformed("a header's checksum is wrong");
  const magic = bytesOf(block, field.magic).toString("latin1");
  const prefix = magic === "ustar\x0000" ? textOf(bytesOf(block, field.prefix)) : "";
  const name = textOf(bytesOf(block, field.name));
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    type: typeOf(block[156] ?? 0),
    size: numberOf(bytesOf(block, field.size), "a size"),
    mode: numberOf(bytesOf(block, field.mode), "a mode"),
    modified: numberOf(bytesOf(block, field.modified), "a time"),
    link: textOf(bytesOf(block, field.link)),
  };
}

function typeOf(byte: number): string {
  return byte === 0 ? "0" : String.fromCharCode(byte);
}

const emptyChecksum = 8 * 0x20;

function checksumOf(block: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < blockBytes; at += 1) {
    sum += at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
  }
  return sum;
}

/** PAX records in their order; later ones of one key win. */
export function parsePaxRecords(payload: Uint8Array): Map<string, string> {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? NaN : Number(bytes.toString("latin1", at, space));
    const equals = bytes.indexOf(0x3d, at);
    const end = at + length;
    if (!Number.isSafeInteger(length) || end > bytes.length || equals < space || equals >= end) {
      throw malformed("a PAX record is broken");
    }
    records.set(
      bytes.toString("utf8", space + 1, equals),
      bytes.toString("utf8", equals + 1, end - 1),
    );
    at = end;
  }
  return records;
}

/** Records in the order of their keys, as Go's writer has them. */
export function formatPaxRecords(records: ReadonlyMap<string, string>): Buffer {
  const lines = [...records].sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(lines.map(([key, value]) => paxRecord(key, value)));
}

function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) {
    length = String(length).length + rest.length;
  }
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** The largest size that eleven octal digits hold: 8 GiB - 1. */
export const largestOctalSize = 0o77777777777;

/**
 * The header with another size. Above {@link largestOctalSize} a GNU header gets a base-256 size;
 * any other gets a zero, and its caller writes a PAX record, as Go's writer does.
 */
export function withSize(block: Uint8Array, size: number): Buffer {
  const changed = Buffer.from(block);
  const target = bytesOf(changed, field.size);
  if (size > largestOctalSize && isGnu(block)) {
    target.fill(0);
    target.writeBigUInt64BE(BigInt(size), 4);
    target[0] = 0x80;
  } else {
    const shown = size > largestOctalSize ? 0 : size;
    target.write(`${shown.toString(8).padStart(11, "0")}\0`, "latin1");
  }
  return sealed(changed);
}

export function isGnu(block: Uint8Array): boolean {
  return bytesOf(block, field.magic).toString("latin1") === "ustar  \0";
}

/** A PAX header (block, payload, padding) for the entry called `name`, as Go's writer makes it. */
export function paxHeader(name: string, records: ReadonlyMap<string, string>): Buffer {
  const payload = formatPaxRecords(records);
  const slash = name.lastIndexOf("/") + 1;
  const full = `${name.slice(0, slash)}PaxHeaders.0/${name.slice(slash)}`;
  const block = Buffer.alloc(blockBytes);

  block.write(
    full
      .replaceAll(/[^\x01-\x7f]/g, "")
      .slice(0, 100)
      .replace(/\/+$/, ""),
    0,
    "latin1",
  );
  for (const at of [100, 108, 116]) block.write("0000000\0", at, "latin1");
  block.write("00000000000\0", 136, "latin1");
  block.write("x", 156, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  const sized = withSize(block, payload.length);
  return Buffer.concat([sized, payload, Buffer.alloc(paddingOf(payload.length))]);
}

function sealed(block: Buffer): Buffer {
  const sum = checksumOf(block);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** Zero bytes that follow `size` bytes of data up to the next block. */
export function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

export function malformed(why: string, name?: string): ClouderError {
  const where = name === undefined ? "" : ` (after entry "${printable(name)}")`;
  return new ClouderError(
    "integrity",
    `the checkpoint archive is not a whole tar: ${why}${where}`,
    {
      hint: "take the checkpoint again",
    },
  );
}
