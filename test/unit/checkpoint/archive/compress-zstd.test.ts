import { randomBytes } from "node:crypto";
import { constants, zstdDecompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { compressZstd } from "#checkpoint/archive/compress-zstd";

describe("compressZstd", () => {
  const params = { [constants.ZSTD_c_checksumFlag]: 1 };

  it.each([0, 1, 70_000, 1_000_000])("gives back %i bytes when decompressed", async (length) => {
    const bytes = randomBytes(length);
    const frame = await compressZstd(bytes, { chunkSize: length + 20_000, params });
    expect(zstdDecompressSync(frame).equals(bytes)).toBe(true);
  });

  it("gives the output buffer itself and no copy", async () => {
    const chunkSize = 1_020_000;
    const frame = await compressZstd(randomBytes(1_000_000), { chunkSize, params });
    expect(frame.buffer.byteLength).toBe(chunkSize);
  });

  it("joins what did not fit in one output buffer", async () => {
    const bytes = randomBytes(300_000);
    const frame = await compressZstd(bytes, { chunkSize: 100_000, params });
    expect(zstdDecompressSync(frame).equals(bytes)).toBe(true);
  });

  it("reports what zstd refuses", async () => {
    const wrong = { chunkSize: 1000, params: { [constants.ZSTD_c_windowLog]: 99 } };
    await expect((async () => compressZstd(randomBytes(10), wrong))()).rejects.toThrow();
  });
});
