import { describe, expect, it } from "vitest";
import { azblobError } from "#checkpoint/stores/azblob-error";
import { s3Error } from "#checkpoint/stores/s3-error";

const sdkError = (fields: object) => Object.assign(new Error("no"), fields);

const services = [
  {
    service: "S3",
    location: "s3://bucket/",
    translate: s3Error,
    status: (status: number) => ({ $metadata: { httpStatusCode: status } }),
    named: (name: string) => ({ name }),
    names: { object: "NoSuchKey", place: "NoSuchBucket", key: "InvalidAccessKeyId" },
  },
  {
    service: "Azure Blob Storage",
    location: "azblob://account/container/",
    translate: azblobError,
    status: (status: number) => ({ statusCode: status }),
    named: (code: string) => ({ code }),
    names: { object: "BlobNotFound", place: "ContainerNotFound", key: "AuthenticationFailed" },
  },
];

describe.each(services)("an error of $service", ({ location, translate, status, named, names }) => {
  it.each([
    [401, "unauthenticated", false],
    [403, "denied", false],
    [404, "not-found", false],
    [429, "busy", true],
    [503, "busy", true],
  ])("with nothing but status %i is %s", (code, wanted, retryable) => {
    expect(translate(sdkError(status(code)), location)).toMatchObject({ code: wanted, retryable });
  });

  it("about an object names it, about the place does not", () => {
    expect(translate(sdkError(named(names.object)), location, "a/b")).toMatchObject({
      message: `${location} has no such object a/b`,
    });
    expect(translate(sdkError(named(names.place)), location, "a/b")).toMatchObject({
      code: "not-found",
      message: expect.not.stringContaining("a/b") as string,
      hint: expect.stringContaining("create") as string,
    });
  });

  it("by its name goes before its status", () => {
    const error = sdkError({ ...status(403), ...named(names.key) });
    expect(translate(error, location)).toMatchObject({ code: "unauthenticated" });
  });

  it("of the network is unreachable, and an unknown one stays as it is", () => {
    const refused = sdkError({ code: "ECONNREFUSED" });
    expect(translate(refused, location)).toMatchObject({ code: "unreachable", retryable: true });
    const unknown = sdkError({ name: "Odd" });
    expect(translate(unknown, location)).toBe(unknown);
    expect(translate("text", location)).toBe("text");
  });
});
