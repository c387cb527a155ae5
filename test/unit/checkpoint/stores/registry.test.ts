import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { openStore } from "#checkpoint/stores/open-store";
import { storeDrivers } from "#checkpoint/stores/registry";
import { uploadInParts } from "#checkpoint/stores/parts";
import { failureOf } from "#test/contract/store";

describe("the registry of stores", () => {
  it("has a file for every scheme", () => {
    for (const scheme of Object.keys(storeDrivers)) {
      expect(existsSync(`checkpoint/stores/${scheme}.ts`)).toBe(true);
    }
  });
});

describe("S3 errors", () => {
  it.each([
    [403, "AccessDenied", "denied"],
    [403, "InvalidAccessKeyId", "unauthenticated"],
    [503, "SlowDown", "busy"],
    [301, "PermanentRedirect", "config"],
    [507, "InsufficientStorage", "no-space"],
    [400, "BadDigest", "integrity"],
  ])("%i %s becomes %s and holds no signature", async (status, code, wanted) => {
    const server = createServer((_, response) => {
      response.writeHead(status, { "content-type": "application/xml" });
      response.end(`<Error><Code>${code}</Code><Message>no</Message></Error>`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const store = await openStore({
      url: "s3://bucket/x",
      s3: { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
      credentials: { accessKeyId: "id", secretAccessKey: "very-secret" },
    });
    const failure = await failureOf(store.get("key"));
    expect(failure.code).toBe(wanted);
    expect(JSON.stringify(failure.cause, Object.getOwnPropertyNames(failure.cause))).not.toMatch(
      /Signature=|very-secret/,
    );
    await store.close();
    server.close();
  });
});

describe("an upload in parts", () => {
  it("ends the other parts and is aborted once when one part fails", async () => {
    const events: string[] = [];
    const body = async function* () {
      for (let n = 0; n < 30; n += 1) yield await Promise.resolve(Buffer.alloc(1024 * 1024));
    };
    const upload = uploadInParts<number>(body(), {
      single: () => Promise.resolve(),
      begin: () => Promise.resolve(),
      part: (number, _, signal) => {
        if (number === 3) return Promise.reject(new Error("part 3 broke"));
        if (number < 3) return Promise.resolve(number);
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            events.push("ended");
            reject(new Error("ended"));
          });
        });
      },
      complete: () => Promise.resolve(),
      abort: () => {
        events.push("abort");
        return Promise.resolve();
      },
    });
    await expect(upload).rejects.toThrow("part 3 broke");
    expect(events.filter((event) => event === "abort")).toHaveLength(1);
    expect(events.at(-1)).toBe("abort");
  });
});
