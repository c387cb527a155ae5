import { ClouderError } from "#core/error";

/**
 * Just enough of CRIU's image format to see with which rights the processes would come back:
 * two magic numbers, then length-prefixed protobuf entries (images/core.proto, images/creds.proto).
 * The bytes are not trusted: every length is checked before it is used.
 */
const commonMagic = 0x54564319;
const coreMagic = 0x55053847;
const maximalImageBytes = 1 << 20;

/** The credentials of one thread as CRIU would set them. */
export interface ThreadCredentials {
  readonly userIds: readonly number[];
  readonly groupIds: readonly number[];
  readonly supplementaryGroups: readonly number[];
  readonly inheritable: bigint;
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly bounding: bigint;
  readonly ambient: bigint;
  readonly noNewPrivileges: boolean;
  /** 0 none, 1 strict, 2 filter. */
  readonly seccompMode: number;
  readonly securityLabel: string | undefined;
}

type Field =
  | { readonly number: number; readonly value: bigint }
  | { readonly number: number; readonly bytes: Buffer };

function damaged(reason: string): ClouderError {
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
function readFields(bytes: Buffer): Field[] {
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
function message(fields: readonly Field[], number: number): Field[] | undefined {
  const parts = fields.flatMap((field) =>
    field.number === number && "bytes" in field ? [field.bytes] : [],
  );
  return parts.length === 0 ? undefined : readFields(Buffer.concat(parts));
}

function lastNumber(fields: readonly Field[] | undefined, number: number): number | undefined {
  const found = fields?.findLast((field) => field.number === number && "value" in field);
  return found !== undefined && "value" in found
    ? Number(BigInt.asUintN(32, found.value))
    : undefined;
}

/** A repeated uint32, packed or not. */
function numbers(fields: readonly Field[], number: number): number[] {
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

/** Capability words of 32 bits, lowest first. */
function capabilityMask(fields: readonly Field[], number: number): bigint {
  return numbers(fields, number).reduce(
    (mask, word, index) => mask | (BigInt(word) << BigInt(32 * index)),
    0n,
  );
}

function required(fields: readonly Field[], number: number, name: string): number {
  const value = lastNumber(fields, number);
  if (value === undefined) throw damaged(`a thread has no ${name}`);
  return value;
}

/** The single entry of a core image; CRIU reads no further ones. */
function coreEntry(image: Buffer): Buffer {
  if (image.length > maximalImageBytes) throw damaged(`${image.length} bytes is too large`);
  if (image.length < 8) throw damaged("it is too short");
  // Images older than CRIU 2 have only the second magic number.
  const common = image.readUInt32LE(0) === commonMagic;
  const start = common ? 8 : 4;
  if (image.readUInt32LE(start - 4) !== coreMagic) throw damaged("it is not a core image");
  if (image.length < start + 4) throw damaged("it is too short");
  const length = image.readUInt32LE(start);
  if (length > image.length - start - 4) throw damaged("its entry goes past the end");
  return image.subarray(start + 4, start + 4 + length);
}

/** Reads the credentials out of a `core-<tid>.img`; `integrity` when it is damaged or lacks them. */
export function readThreadCredentials(image: Buffer): ThreadCredentials {
  const core = readFields(coreEntry(image));
  const thread = message(core, 5);
  const creds = thread && message(thread, 10);
  if (!thread || !creds) throw damaged("a thread has no credentials");
  const label = creds.findLast((field) => field.number === 15 && "bytes" in field);
  const task = message(core, 3);
  return {
    userIds: [1, 3, 5, 7].map((number) => required(creds, number, "user")),
    groupIds: [2, 4, 6, 8].map((number) => required(creds, number, "group")),
    supplementaryGroups: numbers(creds, 14),
    inheritable: capabilityMask(creds, 9),
    permitted: capabilityMask(creds, 10),
    effective: capabilityMask(creds, 11),
    bounding: capabilityMask(creds, 12),
    ambient: capabilityMask(creds, 19),
    noNewPrivileges: (lastNumber(creds, 18) ?? 0) !== 0,
    seccompMode: lastNumber(thread, 11) ?? lastNumber(task, 11) ?? 0,
    securityLabel: label && "bytes" in label ? label.bytes.toString("utf8") : undefined,
  };
}
