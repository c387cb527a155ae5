import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pinnedKey } from "#bootstrap/packages/apt/public-key";

/** A version 4 key packet in the old form with two bytes of length. */
function keyPacket(material: string): Buffer {
  const body = Buffer.concat([Buffer.from([4, 0, 0, 0, 1, 1]), Buffer.from(material)]);
  const head = Buffer.from([0x99, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([head, body]);
}
const fingerprint = (packet: Buffer) =>
  createHash("sha1").update(packet).digest("hex").toUpperCase();
const userId = Buffer.from([0xb4, 3, 0x6c, 0x61, 0x62]);
const armored = (bytes: Buffer) =>
  `-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: GnuPG v2\n\n${bytes.toString("base64")}\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n`;

const own = keyPacket("own key material");
const other = keyPacket("another's");
const url = "https://example.org/Release.key";

describe("a published key", () => {
  test("is taken when it is the pinned one, armored or not, in apt's binary form", () => {
    const whole = Buffer.concat([own, userId]);
    for (const published of [whole, Buffer.from(armored(whole))]) {
      expect(Buffer.from(pinnedKey(published, fingerprint(own), url))).toEqual(whole);
    }
    expect(() => pinnedKey(whole, fingerprint(own).slice(-16).toLowerCase(), url)).not.toThrow();
  });

  test.each([
    ["of somebody else", other],
    ["that brings a second one", Buffer.concat([own, userId, other])],
    ["that comes second", Buffer.concat([other, own])],
  ])("%s is refused and named", (_what, published) => {
    expect(() => pinnedKey(published, fingerprint(own), url)).toThrow(
      expect.objectContaining({
        code: "integrity",
        message: expect.stringContaining(fingerprint(other)) as string,
      }) as Error,
    );
  });

  test("is never made of bytes that are none", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => pinnedKey(bytes, fingerprint(own), url)).toThrow(
          expect.objectContaining({ code: "integrity" }) as Error,
        );
      }),
    );
    expect(() => pinnedKey(Buffer.from("<html>log in</html>"), fingerprint(own), url)).toThrow(
      "no OpenPGP public key",
    );
  });
});
