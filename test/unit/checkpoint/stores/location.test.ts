import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isClouderError } from "#core/error";
import { parseLocation, printLocation } from "#checkpoint/stores/location";
import type { StoreLocation } from "#checkpoint/stores/location";

const segment = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,12}$/);
const prefix = fc
  .array(segment, { maxLength: 3 })
  .map((parts) => parts.map((p) => `${p}/`).join(""));
const container = fc.stringMatching(/^[a-z0-9]{3,20}$/);

const location: fc.Arbitrary<StoreLocation> = fc.oneof(
  fc.record({ scheme: fc.constant("s3" as const), bucket: container, prefix }),
  fc.record({ scheme: fc.constant("azblob" as const), container, prefix }),
  fc.record({
    scheme: fc.constant("azblob" as const),
    account: fc.stringMatching(/^[a-z0-9]{3,24}$/),
    container,
    prefix,
  }),
  fc
    .array(segment, { minLength: 1, maxLength: 4 })
    .map((parts) => ({ scheme: "file" as const, folder: `/${parts.join("/")}` })),
);

describe("a store's location", () => {
  it("is read back as it was printed", () => {
    fc.assert(
      fc.property(location, (value) => {
        expect(parseLocation(printLocation(value))).toEqual(value);
      }),
    );
  });

  it.each([
    ["K2 s3://bucket/checkpoints/", { scheme: "s3", bucket: "bucket", prefix: "checkpoints/" }],
    ["K3 az://box/checkpoints/", { scheme: "azblob", container: "box", prefix: "checkpoints/" }],
    [
      "K1 file:///var/lib/kubelet/checkpoints/",
      { scheme: "file", folder: "/var/lib/kubelet/checkpoints" },
    ],
  ])("reads %s", (title, expected) => {
    expect(parseLocation(title.slice(3))).toEqual(expected);
  });

  it.each([
    "bucket/prefix",
    "ftp://host/x",
    "s3://",
    "s3://b",
    "s3://bucket/../x",
    "s3://key:secret@bucket/x",
    "s3://bucket/x?secret=1",
    "azblob://account",
    "azblob://Account/container",
    "az://co--ntainer",
    "file://relative/x",
    "file:///",
    "file:///a/../b",
  ])("refuses %s without showing secrets", (url) => {
    let failure: unknown;
    try {
      parseLocation(url);
    } catch (error) {
      failure = error;
    }
    expect(isClouderError(failure) && failure.code).toBe("usage");
    expect(String(failure)).not.toContain("secret");
  });
});
