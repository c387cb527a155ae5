import type { DumpStatistics } from "#checkpoint/archive/container-archive";

/**
 * CRIU's `stats-dump`: magics, a length, then a StatsEntry whose field 1 holds the dump's figures
 * (images/stats.proto of checkpoint-restore/criu). Undefined for anything unexpected: figures are
 * nice to have and never a reason to fail.
 */
export function parseDumpStatistics(image: Uint8Array): DumpStatistics | undefined {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const start = [4, 0].find(
    (at) => bytes.length >= at + 8 && bytes.readUInt32LE(at) === statsMagic,
  );
  if (start === undefined) return undefined;
  const length = bytes.readUInt32LE(start + 4);
  const message = bytes.subarray(start + 8, start + 8 + length);
  const dump = fieldsOf(message)?.get(1);
  const fields = Buffer.isBuffer(dump) ? fieldsOf(dump) : undefined;
  if (fields === undefined) return undefined;
  const figure = (number: number) => {
    const value = fields.get(number);
    return typeof value === "number" ? value : 0;
  };
  return {
    freezingMilliseconds: figure(1) / 1000,
    frozenMilliseconds: figure(2) / 1000,
    memoryDumpMilliseconds: figure(3) / 1000,
    memoryWriteMilliseconds: figure(4) / 1000,
    pagesScanned: figure(5),
    pagesWritten: figure(7),
  };
}

const statsMagic = 0x57093306;

/** Varint and length-delimited fields of a protobuf message; undefined when it holds others. */
function fieldsOf(message: Buffer): Map<number, number | Buffer> | undefined {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 56; shift += 7) {
      const byte = message[at];
      if (byte === undefined) return NaN;
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return NaN;
  };
  while (at < message.length) {
    const tag = varint();
    const value = varint();
    if (Number.isNaN(tag) || Number.isNaN(value)) return undefined;
    const number = Math.floor(tag / 8);
    if (tag % 8 === 0) fields.set(number, value);
    else if (tag % 8 === 2 && at + value <= message.length) {
      fields.set(number, message.subarray(at, at + value));
      at += value;
    } else return undefined;
  }
  return fields;
}
