import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createFrameDigests } from "#checkpoint/archive/frame-digests";

const ways = [
  { way: "on the spot", expectedBytes: 1 },
  { way: "in a thread of its own", expectedBytes: 256 * 1024 * 1024 },
];

describe.each(ways)("digests of frames, made $way", ({ expectedBytes }) => {
  it("are those of each, and every frame comes back as it was", async () => {
    const frames = [300_000, 0, 10, 200_000].map((size) => randomBytes(size));
    await using digests = createFrameDigests({ expectedBytes });
    const answers = await Promise.all(frames.map((one) => digests.of(new Uint8Array(one))));
    answers.forEach(({ bytes, sha256 }, n) => {
      const frame = frames[n] ?? Buffer.alloc(0);
      expect(Buffer.compare(bytes, frame)).toBe(0);
      expect(sha256).toBe(createHash("sha256").update(frame).digest("hex"));
    });
  });

  it("are of a part of a buffer where the bytes are one", async () => {
    await using digests = createFrameDigests({ expectedBytes });
    const whole = new Uint8Array(randomBytes(4096));
    const wanted = createHash("sha256").update(whole.subarray(100, 200)).digest("hex");
    const { bytes, sha256 } = await digests.of(whole.subarray(100, 200));
    expect(sha256).toBe(wanted);
    expect(bytes.length).toBe(100);
  });
});
