import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDumpStatistics } from "#checkpoint/archive/dump-statistics";
import { frameBytesFor } from "#checkpoint/archive/write-container";

function image(message: readonly number[], magics: readonly number[]): Buffer {
  const head = Buffer.alloc(4 * magics.length + 4);
  for (const [n, magic] of magics.entries()) head.writeUInt32LE(magic, n * 4);
  head.writeUInt32LE(message.length, magics.length * 4);
  return Buffer.concat([head, Buffer.from(message)]);
}

describe("stats-dump", () => {
  // freezing 1000 us, frozen 300000 us, memdump 2000, memwrite 1500, scanned 128, skipped 0, written 100
  const dump = [
    8, 0xe8, 7, 0x10, 0xe0, 0xa7, 0x12, 0x18, 0xd0, 0x0f, 0x20, 0xdc, 0x0b, 0x28, 0x80, 1, 0x30, 0,
    0x38, 100,
  ];
  const message = [0x0a, dump.length, ...dump];

  it.each([[[0x55105940, 0x57093306]], [[0x57093306]]])("is read with the magics %j", (magics) => {
    expect(parseDumpStatistics(image(message, magics))).toEqual({
      freezingMilliseconds: 1,
      frozenMilliseconds: 300,
      memoryDumpMilliseconds: 2,
      memoryWriteMilliseconds: 1.5,
      pagesScanned: 128,
      pagesWritten: 100,
    });
  });

  it("never fails, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        parseDumpStatistics(bytes);
        parseDumpStatistics(image([...bytes], [0x57093306]));
      }),
    );
  });
});

describe("the frame size", () => {
  it("keeps the index small whatever the archive's size", () => {
    const gibibyte = 2 ** 30;
    expect(frameBytesFor(8 * gibibyte)).toBe(2 * 2 ** 20);
    for (const raw of [33, 100, 500].map((size) => size * gibibyte)) {
      expect(raw / frameBytesFor(raw)).toBeLessThanOrEqual(8192);
    }
  });
});
