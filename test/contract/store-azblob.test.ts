import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { describe, expect, it } from "vitest";
import { openStore } from "#checkpoint/stores/open-store";
import { describeStore, failureOf } from "#test/contract/store";
import { startAzurite } from "#test/lab/azurite";

const account = "contractaccount";

/** Azurite with one container. */
async function startContainer() {
  const folder = await mkdtemp(join(tmpdir(), "clouder-azurite-"));
  const key = randomBytes(64).toString("base64");
  const server = await startAzurite({ address: "127.0.0.1", folder, account, key });
  const container = BlobServiceClient.fromConnectionString(
    server.connectionString,
  ).getContainerClient("checkpoints");
  await container.create();
  const endpoint = `${server.endpoint}/${account}`;
  return {
    server,
    container,
    key,
    endpoint,
    open: (prefix: string, accountKey = key) =>
      openStore({
        url: `azblob://${account}/checkpoints/${prefix}`,
        azblob: { endpoint },
        credentials: { accountKey },
      }),
    close: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describeStore("K3 Azure Blob, an Azurite server", async () => {
  const site = await startContainer();
  const mortals: { close(): Promise<void> }[] = [];
  return {
    open: (prefix) => site.open(prefix),
    openWithWrongCredentials: () => site.open("run", randomBytes(64).toString("base64")),
    openMortal: async () => {
      const mortal = await startContainer();
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
      await site.close();
    },
  };
});

describe("K3 Azure Blob", () => {
  it("takes the account of az://container/prefix from the connection string, the settings or the endpoint", async () => {
    const site = await startContainer();
    const url = "az://checkpoints/p";
    const { connectionString } = site.server;
    const byString = await openStore({ url, credentials: { connectionString } });
    await byString.check();
    const azblob = { endpoint: site.endpoint };
    const byEndpoint = await openStore({ url, azblob, credentials: { accountKey: site.key } });
    await byEndpoint.check();
    expect(byString.location).toBe("az://checkpoints/p/");
    const named = { endpoint: site.endpoint, account };
    const bySetting = await openStore({
      url,
      azblob: named,
      credentials: { accountKey: site.key },
    });
    await bySetting.check();
    const other = await failureOf(
      openStore({ url, azblob: { account: "another" }, credentials: { connectionString } }),
    );
    expect(other).toMatchObject({
      code: "config",
      message: expect.stringMatching(/not of account "another"/) as string,
    });
    const unnamed = await failureOf(openStore({ url, credentials: { accountKey: site.key } }));
    expect(unnamed.code).toBe("config");
    await site.close();
  });

  it("opens with a shared access signature and shows none of it", async () => {
    const site = await startContainer();
    const { ContainerSASPermissions } = await import("@azure/storage-blob");
    const signed = await site.container.generateSasUrl({
      permissions: ContainerSASPermissions.parse("racwdl"),
      expiresOn: new Date(Date.now() + 3_600_000),
    });
    const store = await openStore({
      url: `azblob://${account}/checkpoints/p`,
      azblob: { endpoint: site.endpoint },
      credentials: { sasToken: new URL(signed).search },
    });
    await store.check();
    expect(store.location).toBe(`azblob://${account}/checkpoints/p/`);
    await site.close();
  });

  it("removes the blocks of an upload that died", async () => {
    const site = await startContainer();
    const store = await site.open("p");
    await store.put("ns/whole", one(Buffer.from("whole")));
    for (const name of ["p/ns/pod/a.tar.zst", "p/other/b.tar.zst"]) {
      const blob = site.container.getBlockBlobClient(name);
      await blob.stageBlock(Buffer.from("0001").toString("base64"), Buffer.alloc(1000), 1000);
    }
    expect(await store.removeUnfinished("ns/")).toBe(1);
    expect(await store.removeUnfinished("ns/")).toBe(0);
    const listed: string[] = [];
    for await (const { key } of store.list("")) listed.push(key);
    expect(listed).toEqual(["ns/whole"]);
    await site.close();
  });

  it("refuses a bad connection string without showing it", async () => {
    const credentials = { connectionString: "AccountKey=c2VjcmV0" };
    const failure = await failureOf(openStore({ url: "az://checkpoints/p", credentials }));
    expect(failure.code).toBe("config");
    expect(`${failure.message} ${String(failure.cause)}`).not.toContain("c2VjcmV0");
  });
});

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
