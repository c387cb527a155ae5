import { ClouderError } from "#core/error";

/** The fields of a protobuf message by their numbers; several of a number where it is repeated. */
export type Fields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

/** Reads a message; `integrity` for bytes that are none. */
export function decode(bytes: Uint8Array): Fields {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (length < 0 || at + length > bytes.length) throw notProtobuf();
    at += length;
    return bytes.subarray(at - length, at);
  };
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = take(1);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw notProtobuf();
  };
  const valueOf = (kind: number): bigint | Uint8Array => {
    if (kind === 0) return varint();
    if (kind === 1) return take(8);
    if (kind === 2) return take(Number(varint()));
    if (kind === 5) return take(4);
    throw notProtobuf();
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    fields.set(number, [...(fields.get(number) ?? []), valueOf(Number(tag & 7n))]);
  }
  return fields;
}

function notProtobuf(): ClouderError {
  return new ClouderError("integrity", "the request is no protobuf message");
}

/** A text; empty where the field is left out. */
export function textOf(fields: Fields, number: number): string {
  const value = fields.get(number)?.at(-1);
  return value instanceof Uint8Array ? Buffer.from(value).toString() : "";
}

/** An int32; 0 where the field is left out. */
export function integerOf(fields: Fields, number: number): number {
  const value = fields.get(number)?.at(-1);
  return typeof value === "bigint" ? Number(BigInt.asIntN(32, value)) : 0;
}

/** Messages within a message. */
export function messagesOf(fields: Fields, number: number): readonly Fields[] {
  return (fields.get(number) ?? []).flatMap((one) =>
    one instanceof Uint8Array ? [decode(one)] : [],
  );
}

/** A field that is a text or a message; nothing for an empty text. */
export function bytesField(number: number, value: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(value);
  if (value === "") return bytes;
  return Buffer.concat([varintBytes((number << 3) | 2), varintBytes(bytes.length), bytes]);
}

/** A field that is a number from 0 on; nothing for 0. */
export function integerField(number: number, value: number): Uint8Array {
  if (value === 0) return Buffer.alloc(0);
  return Buffer.concat([varintBytes(number << 3), varintBytes(value)]);
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
