import { ClouderError } from "#core/error";

/**
 * Just enough of CRIU's image format (magic numbers, then length-prefixed protobuf entries) to look
 * into images that are not trusted: every length is checked before it is used.
 */
const commonMagic = 0x54564319;

/** One field of a protobuf message: a number, or bytes that may be a message again. */
export type Field =
  | { readonly number: number; readonly value: bigint }
  | { readonly number: number; readonly bytes: Buffer };

export function damaged(reason: string): ClouderError {
  return new ClouderError("integrity", `damaged CRIU image: ${reason}`, {
    hint: "take a new checkpoint; this one cannot be checked and is not restored",
  });
}

function readVarint(bytes: Buffer, start: number): { value: bigint; next: number } {
  let value = 0n;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[start + index];
    if (byte === undefined) throw damaged("a number goes past the end");
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return { value, next: start + index + 1 };
  }
  throw damaged("a number is too long");
}

/** Splits one protobuf message into its fields; groups, which CRIU never uses, are refused. */
export function readFields(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let offset = 0;
  const take = (length: bigint): Buffer => {
    if (length > BigInt(bytes.length - offset)) throw damaged("a field goes past the end");
    const taken = bytes.subarray(offset, offset + Number(length));
    offset += Number(length);
    return taken;
  };
  while (offset < bytes.length) {
    const tag = readVarint(bytes, offset);
    offset = tag.next;
    const number = Number(tag.value >> 3n);
    const wire = Number(tag.value & 7n);
    if (wire === 0) {
      const read = readVarint(bytes, offset);
      offset = read.next;
      fields.push({ number, value: read.value });
    } else if (wire === 1 || wire === 5) {
      take(wire === 1 ? 8n : 4n);
    } else if (wire === 2) {
      const length = readVarint(bytes, offset);
      offset = length.next;
      fields.push({ number, bytes: take(length.value) });
    } else {
      throw damaged(`unknown kind of field ${wire}`);
    }
  }
  return fields;
}

/** protobuf's rule for a field that occurs more than once: messages are merged, of numbers the last counts. */
export function message(fields: readonly Field[], number: number): Field[] | undefined {
  const parts = byteFields(fields, number);
  return parts.length === 0 ? undefined : readFields(Buffer.concat(parts));
}

export function lastNumber(
  fields: readonly Field[] | undefined,
  number: number,
): number | undefined {
  const found = fields?.findLast((field) => field.number === number && "value" in field);
  return found !== undefined && "value" in found
    ? Number(BigInt.asUintN(32, found.value))
    : undefined;
}

/** A repeated uint32, packed or not. */
export function numbers(fields: readonly Field[], number: number): number[] {
  return fields.flatMap((field) => {
    if (field.number !== number) return [];
    if ("value" in field) return [Number(BigInt.asUintN(32, field.value))];
    const values: number[] = [];
    for (let offset = 0; offset < field.bytes.length;) {
      const { value, next } = readVarint(field.bytes, offset);
      values.push(Number(BigInt.asUintN(32, value)));
      offset = next;
    }
    return values;
  });
}

/** All values of a repeated field of bytes or messages. */
export function byteFields(fields: readonly Field[], number: number): Buffer[] {
  return fields.flatMap((field) =>
    field.number === number && "bytes" in field ? [field.bytes] : [],
  );
}

/** The entries of an image of the kind `magic`; images of CRIU 1 have only that magic number. */
export function readEntries(image: Buffer, magic: number, maximalBytes: number): Buffer[] {
  if (image.length > maximalBytes) throw damaged(`${image.length} bytes is too large`);
  if (image.length < 8) throw damaged("it is too short");
  let offset = image.readUInt32LE(0) === commonMagic ? 8 : 4;
  if (image.readUInt32LE(offset - 4) !== magic) throw damaged("it is of another kind");
  const entries: Buffer[] = [];
  while (offset < image.length) {
    if (image.length - offset < 4) throw damaged("it is too short");
    const length = image.readUInt32LE(offset);
    offset += 4;
    if (length > image.length - offset) throw damaged("an entry goes past the end");
    entries.push(image.subarray(offset, offset + length));
    offset += length;
  }
  return entries;
}
