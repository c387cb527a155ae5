import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createOrderedDigest } from "#checkpoint/archive/ordered-digest";

const ways = [
  { way: "on the spot", expectedBytes: 1 },
  { way: "in a thread of its own", expectedBytes: 64 * 1024 * 1024 },
];

describe.each(ways)("a digest of chunks in any order, made $way", ({ expectedBytes }) => {
  it("is that of the whole, and gives every chunk back as it was", async () => {
    const chunks = [300_000, 10, 200_000].map((size) => randomBytes(size));
    const wanted = createHash("sha256").update(Buffer.concat(chunks)).digest("hex");
    const copies = chunks.map((chunk) => new Uint8Array(chunk));
    await using digest = createOrderedDigest({ expectedBytes });
    const back = await Promise.all(
      [2, 0, 1].map(async (number) => {
        const bytes = await digest.update(number, copies[number] ?? new Uint8Array());
        return { number, bytes };
      }),
    );
    expect(await digest.digest()).toBe(wanted);
    for (const { number, bytes } of back) {
      expect(Buffer.compare(bytes, chunks[number] ?? Buffer.alloc(0))).toBe(0);
    }
  });

  it("rejects what waits for a chunk that never comes, and all later ones", async () => {
    await using digest = createOrderedDigest({ expectedBytes });
    const waiting = digest.update(1, new Uint8Array(4));
    digest.fail(new Error("chunk 0 is lost"));
    await expect(waiting).rejects.toThrow("chunk 0 is lost");
    await expect(digest.update(2, new Uint8Array(4))).rejects.toThrow("chunk 0 is lost");
    await expect(digest.digest()).rejects.toThrow("chunk 0 is lost");
  });
});
