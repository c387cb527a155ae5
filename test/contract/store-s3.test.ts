import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "#checkpoint/stores/open-store";
import { describeStore, failureOf } from "#test/contract/store";
import { startS3Server } from "#test/lab/s3-server";

const keys = { accessKeyId: "contract", secretAccessKey: "contract-secret-key" };

/** A real S3 server program with one bucket. */
async function startBucket() {
  const folder = await mkdtemp(join(tmpdir(), "clouder-s3-"));
  await mkdir(join(folder, "bucket"));
  const server = await startS3Server({
    address: "127.0.0.1",
    folder,
    accessKey: keys.accessKeyId,
    secretKey: keys.secretAccessKey,
  });
  return {
    server,
    open: (prefix: string, credentials: Record<string, string> = keys) =>
      openStore({ url: `s3://bucket/${prefix}`, s3: { endpoint: server.endpoint }, credentials }),
    close: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describeStore("K2 S3, a versitygw server with a custom endpoint and path style", async () => {
  const bucket = await startBucket();
  const mortals: { close(): Promise<void> }[] = [];
  return {
    open: (prefix) => bucket.open(prefix),
    openWithWrongCredentials: () =>
      bucket.open("run", { accessKeyId: "contract", secretAccessKey: "wrong-secret-key" }),
    openMortal: async () => {
      const mortal = await startBucket();
      mortals.push(mortal);
      return {
        store: await mortal.open("mortal"),
        kill: () => {
          process.kill(mortal.server.pid, "SIGKILL");
        },
      };
    },
    close: async () => {
      for (const mortal of mortals) await mortal.close();
      await bucket.close();
    },
  };
});

describe("K2 S3", () => {
  it("removes the parts of an upload that died", async () => {
    const bucket = await startBucket();
    const store = await bucket.open("p");
    // Neither completed nor aborted, as a killed agent leaves it.
    const { S3Client, CreateMultipartUploadCommand, UploadPartCommand } =
      await import("@aws-sdk/client-s3");
    const client = new S3Client({
      endpoint: bucket.server.endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: keys,
    });
    for (const Key of ["p/ns/pod/a.tar.zst", "p/other/b.tar.zst"]) {
      const name = { Bucket: "bucket", Key };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(name));
      const part = { ...name, UploadId, PartNumber: 1, Body: Buffer.alloc(6_000_000) };
      await client.send(new UploadPartCommand(part));
    }
    const listed: string[] = [];
    for await (const { key } of store.list("")) listed.push(key);
    expect(listed).toEqual([]);
    expect(await store.removeUnfinished("ns/")).toBe(1);
    expect(await store.removeUnfinished("ns/")).toBe(0);
    expect(await store.removeUnfinished("")).toBe(1);
    client.destroy();
    await bucket.close();
  });

  it("says which bucket does not exist", async () => {
    const bucket = await startBucket();
    const store = await openStore({
      url: "s3://no-such-bucket/x",
      s3: { endpoint: bucket.server.endpoint },
      credentials: keys,
    });
    const failure = await failureOf(store.check());
    expect(failure.code).toBe("not-found");
    expect(failure.message).toContain("no-such-bucket");
    expect(failure.hint).toContain("create the bucket");
    await bucket.close();
  });

  it("refuses incomplete credentials without showing them", async () => {
    const failure = await failureOf(
      openStore({ url: "s3://bucket/x", credentials: { accessKeyId: "visible?" } }),
    );
    expect(failure.code).toBe("config");
    expect(failure.message).not.toContain("visible?");
  });
});
