import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatPaxRecords,
  largestOctalSize,
  parseHeader,
  parsePaxRecords,
  paxHeader,
  withSize,
} from "#checkpoint/archive/tar-format";
import { walkTar } from "#checkpoint/archive/tar-walk";
import { failureOf } from "#test/contract/store";
import { header, tarOf } from "#test/unit/checkpoint/archive/tar-builder";

const walk = (tar: Buffer) =>
  walkTar(tar.length, (offset, length) => Promise.resolve(tar.subarray(offset, offset + length)));

describe("tar headers", () => {
  it("read back every size they were given, as octal digits or in GNU's base 256", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: largestOctalSize }), fc.boolean(), (size, gnu) => {
        expect(parseHeader(withSize(header({ name: "a", gnu }), size))?.size).toBe(size);
      }),
    );
    const huge = 164 * 2 ** 30 + 7;
    expect(parseHeader(withSize(header({ name: "a", gnu: true }), huge))?.size).toBe(huge);
  });

  it("keep a size above 8 GiB in a PAX record, with zero in the header as Go writes it", async () => {
    const size = 9 * 2 ** 30;
    const main = withSize(header({ name: "checkpoint/pages-1.img" }), size);
    const start = Buffer.concat([
      paxHeader("checkpoint/pages-1.img", new Map([["size", String(size)]])),
      main,
    ]);
    expect(main.toString("latin1", 124, 136)).toBe("00000000000\0");
    const total = start.length + size + 1024;
    const { entries } = await walkTar(total, (offset, length) => {
      const block = Buffer.alloc(length);
      start.subarray(offset, offset + length).copy(block);
      return Promise.resolve(block);
    });
    expect(entries).toMatchObject([{ name: "checkpoint/pages-1.img", size, dataOffset: 1536 }]);
  });

  it("read back PAX records of any text", () => {
    const key = fc.stringMatching(/^[a-zA-Z.]{1,20}$/);
    fc.assert(
      fc.property(fc.dictionary(key, fc.string({ unit: "binary", maxLength: 200 })), (records) => {
        const map = new Map(Object.entries(records));
        expect(new Map(parsePaxRecords(formatPaxRecords(map)))).toEqual(map);
      }),
    );
  });

  it("take names, sizes and times from extensions", async () => {
    const long = `checkpoint/${"x".repeat(150)}`;
    const gnuLong = { name: "././@LongLink", type: "L", data: Buffer.from(`${long}\0`), gnu: true };
    const tar = tarOf([
      { name: "short", data: Buffer.from("1"), pax: { path: long, mtime: "1.5" } },
      gnuLong,
      { name: "short", data: Buffer.from("22"), gnu: true },
    ]);
    const { entries } = await walk(tar);
    expect(entries).toMatchObject([
      { name: long, size: 1, modified: 1.5, headerOffset: 0 },
      { name: long, size: 2 },
    ]);
  });
});

describe("a tar that is not whole", () => {
  const tar = tarOf([{ name: "a", data: Buffer.alloc(5000, 1) }, { name: "b" }]);

  it.each([0, 1, 511, 512, 3000, 5632, 6144, 6200])("is refused when cut at %i", async (bytes) => {
    expect((await failureOf(walk(tar.subarray(0, bytes)))).code).toBe("integrity");
  });

  it("is refused with the name of the entry before a damaged header", async () => {
    const damaged = Buffer.from(tar);
    damaged[5632 + 3] = 7;
    const failure = await failureOf(walk(damaged));
    expect(failure.code).toBe("integrity");
    expect(failure.message).toContain("checksum");
  });

  it("never makes the reader fail in another way, whatever the bytes", async () => {
    const offset = fc.nat({ max: tar.length - 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(offset, fc.nat({ max: 255 }))), async (changes) => {
        const changed = Buffer.from(tar);
        for (const [at, value] of changes) changed[at] = value;
        await walk(changed).catch((error: unknown) => {
          expect(error).toMatchObject({ code: "integrity" });
        });
      }),
    );
  });
});
