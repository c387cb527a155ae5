import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkpoints, checkpointStores, type CheckpointStore } from "#checkpoint/api/types";
import { checkStoreOf } from "#checkpoint/engine/check-store";
import { deleteCheckpoints } from "#checkpoint/engine/delete-checkpoints";
import { deleteStore, findStore, makeStore, type WantedStore } from "#checkpoint/engine/make-store";
import { findStored, listStored } from "#checkpoint/engine/stored-checkpoints";
import { ClouderError, hasCode } from "#core/error";
import { silent, type ReportEvent } from "#core/report";
import { secrets } from "#kube/resources";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";
import { followed, handClock, tick } from "#test/unit/checkpoint/engine/scripted-agent";

const wanted: WantedStore = {
  name: "s3",
  url: "s3://bucket/prefix",
  endpoint: "http://minio:9000",
  region: "us-east-1",
  pathStyle: true,
  credentials: { accessKeyId: "id", secretAccessKey: "hunter2" },
  default: false,
};
const secretName = { name: "clouder-store-s3", namespace: "clouder-system" };
const yes = () => Promise.resolve(true);

function store(name: string, spec: CheckpointStore["spec"]): CheckpointStore {
  return {
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind: "CheckpointStore",
    metadata: { name },
    spec,
  };
}

/** Over `wanted`, which is of an S3 store. */
const azure = {
  endpoint: undefined,
  region: undefined,
  pathStyle: false,
  kmsKeyId: undefined,
  credentials: undefined,
};

describe("store create", () => {
  it("keeps the credentials in a Secret, the store only names it, and again changes nothing", async () => {
    const kube = createFakeKube();
    const made = await makeStore(wanted, { kube, report: silent });
    expect(made.spec).toEqual({
      url: "s3://bucket/prefix",
      credentialsSecretName: "clouder-store-s3",
      s3: { endpoint: "http://minio:9000", region: "us-east-1", forcePathStyle: true },
    });
    expect(JSON.stringify(made)).not.toContain("hunter2");
    const secret = kube.peek(secrets, secretName);
    expect(Buffer.from(secret?.data?.["secretAccessKey"] ?? "", "base64").toString()).toBe(
      "hunter2",
    );
    const again = await makeStore(wanted, { kube, report: silent });
    expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  it("refuses another URL under the same name, since checkpoints lie there", async () => {
    const kube = createFakeKube([store("s3", { url: "s3://other" })]);
    await expect(makeStore(wanted, { kube, report: silent })).rejects.toMatchObject({
      code: "exists",
      message: expect.stringMatching(/s3:\/\/other/) as string,
    });
    expect(kube.peek(secrets, secretName)).toBeUndefined();
  });

  it("leaves no Secret behind when the API server refuses the store", async () => {
    const kube = createFakeKube();
    kube.intercept = ({ verb, kind }) => {
      if (verb === "apply" && kind === "CheckpointStore") throw new ClouderError("refused", "CEL");
    };
    await expect(makeStore(wanted, { kube, report: silent })).rejects.toMatchObject({
      code: "refused",
    });
    expect(kube.peek(secrets, secretName)).toBeUndefined();
  });

  it("--default takes the default from the store that had it, and says so", async () => {
    const kube = createFakeKube([store("old", { url: "file:///a", default: true })]);
    const events: ReportEvent[] = [];
    await makeStore({ ...wanted, default: true }, { kube, report: (event) => events.push(event) });
    expect(kube.peek(checkpointStores, { name: "old" })?.spec.default).toBe(false);
    expect(kube.peek(checkpointStores, { name: "s3" })?.spec.default).toBe(true);
    expect(events).toMatchObject([
      { message: expect.stringMatching(/old is no longer/) as string },
    ]);
  });

  it("K3 the account of az://container/prefix comes from the store's settings", async () => {
    const kube = createFakeKube();
    const store = { ...wanted, ...azure, url: "az://container/p", account: "acc" };
    await makeStore({ ...store, credentials: undefined }, { kube, report: silent });
    expect(kube.peek(checkpointStores, { name: "s3" })?.spec).toMatchObject({
      url: "az://container/p",
      azblob: { account: "acc" },
    });
  });

  it.each([
    [{ url: "file:///dir" }, /--region/],
    [{ url: "file:///dir", region: undefined, pathStyle: false }, /--endpoint/],
    [{ url: "azblob://account/container" }, /--region/],
    [{ ...azure, url: "azblob://account/container", account: "other" }, /--account does not go/],
    [{ ...azure, url: "az://container/p", credentials: undefined }, /names no storage account/],
    [{ url: "ftp://x" }, /ftp/],
  ])("refuses flags that do not go with the URL: %j", async (changes, message) => {
    const kube = createFakeKube();
    const making = makeStore({ ...wanted, ...changes }, { kube, report: silent });
    await expect(making).rejects.toMatchObject({ code: "usage", message });
    expect(kube.calls.filter(({ verb }) => verb === "apply")).toEqual([]);
  });
});

describe("store delete", () => {
  const used = {
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind: "Checkpoint",
    metadata: { name: "c", namespace: "n" },
    status: { storeName: "s3" },
  };

  it("removes store and Secret, warning of the checkpoints that lie there", async () => {
    const kube = createFakeKube([used]);
    await makeStore(wanted, { kube, report: silent });
    const asked: string[] = [];
    const events: ReportEvent[] = [];
    const confirm = (question: string) => Promise.resolve(asked.push(question) > 0);
    await deleteStore("s3", { kube, report: (event) => events.push(event), confirm });
    expect(asked[0]).toMatch(/1 checkpoints/);
    expect(events).toMatchObject([{ level: "warn" }]);
    expect(kube.peek(checkpointStores, { name: "s3" })).toBeUndefined();
    expect(kube.peek(secrets, secretName)).toBeUndefined();
  });

  it("deletes nothing without a yes, and no Secret that the user named", async () => {
    const kube = createFakeKube([
      store("own", { url: "s3://bucket", credentialsSecretName: "mine" }),
    ]);
    kube.seed({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "mine", namespace: "clouder-system" },
    });
    const no = () => Promise.resolve(false);
    await expect(deleteStore("own", { kube, report: silent, confirm: no })).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(await findStore(kube, "own")).toBeDefined();
    await deleteStore("own", { kube, report: silent, confirm: yes });
    expect(kube.peek(secrets, { ...secretName, name: "mine" })).toBeDefined();
  });

  it("names the stores there are", async () => {
    const kube = createFakeKube([store("one", { url: "s3://bucket" })]);
    await expect(findStore(kube, "two")).rejects.toMatchObject({
      code: "not-found",
      hint: expect.stringMatching(/one/) as string,
    });
  });
});

describe("store check", () => {
  const now = Date.parse("2026-11-21T04:20:36Z");
  const facts = (nodeName: string, storeFolders: readonly string[], ageMs = 0) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `clouder-node-${nodeName}`, namespace: "clouder-system" },
    data: {
      "facts.json": JSON.stringify({
        nodeName,
        storeFolders,
        observedAt: new Date(now - ageMs).toISOString(),
      }),
    },
  });
  const reader = (kube: FakeKube) => ({
    kube: () => Promise.resolve(kube),
    signal: new AbortController().signal,
    now,
  });

  it("of a folder: every node's agent answers, silent ones and those that cannot write are told", async () => {
    const kube = createFakeKube([
      facts("good", ["/srv/store"]),
      facts("bad", []),
      facts("silent", ["/srv/store"], 600_000),
    ]);
    const checks = await checkStoreOf(store("f", { url: "file:///srv/store" }), reader(kube));
    expect(checks.map(({ from, ok }) => [from, ok])).toEqual([
      ["bad", false],
      ["good", true],
      ["silent", false],
    ]);
    expect(checks[0]?.cure).toContain("--store-dir /srv/store");
    expect(checks[2]?.cure).toContain("doctor --node silent");
  });

  it("of a folder without any agent is an error", async () => {
    const checking = checkStoreOf(
      store("f", { url: "file:///srv/store" }),
      reader(createFakeKube()),
    );
    await expect(checking).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("a store that the user reads directly", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "clouder-stored-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const reader = (kube = createFakeKube()) => ({
    kube: () => Promise.resolve(kube),
    signal: new AbortController().signal,
  });

  it("by URL: an empty one has no checkpoints, an unknown id says where was looked", async () => {
    const place = { nameOrUrl: `file://${folder}` };
    const selection = { namespace: undefined, podName: undefined };
    expect(await listStored(place, selection, reader())).toEqual([]);
    const finding = findStored(place, "20200101t000000z-aaaaa", "alice", reader());
    await expect(finding).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringMatching(/alice/) as string,
    });
  });

  it.each([
    [{ nameOrUrl: "file:///srv/store", region: "eu-west-1" }, "--region", "file:///srv/store"],
    [{ nameOrUrl: "file:///srv/store", endpoint: "http://s3" }, "--endpoint", "file:///srv/store"],
    [
      { nameOrUrl: "azblob://account/box", pathStyle: true },
      "--path-style",
      "azblob://account/box",
    ],
    [{ nameOrUrl: "moon", region: "eu-west-1" }, "--region", 'the CheckpointStore "moon"'],
  ])("refuses flags that would do nothing: %j", async (place, flag, what) => {
    const selection = { namespace: undefined, podName: undefined };
    await expect(listStored(place, selection, reader())).rejects.toMatchObject({
      code: "usage",
      message: `${flag} does not go with ${what}`,
      hint: expect.stringContaining(`leave ${flag} out`) as string,
    });
  });

  it("by name: one that lies on the nodes is out of reach, and the cure is told", async () => {
    const kube = createFakeKube([store("local", { url: "file:///srv/store" })]);
    const selection = { namespace: undefined, podName: undefined };
    await expect(listStored({ nameOrUrl: "local" }, selection, reader(kube))).rejects.toMatchObject(
      {
        code: "unsupported",
        hint: expect.stringMatching(/leave --store out/) as string,
      },
    );
    await expect(listStored({ nameOrUrl: "moon" }, selection, reader(kube))).rejects.toMatchObject({
      code: "not-found",
    });
  });
});

describe("checkpoint delete", () => {
  const ids = ["20261120t100000z-aaaaa", "20261121t100000z-bbbbb"];
  const cluster = () =>
    createFakeKube(
      ids.map((name) => ({
        apiVersion: "clouder.datalayer.io/v1alpha1",
        kind: "Checkpoint",
        metadata: { name, namespace: "alice", finalizers: ["clouder.datalayer.io/stored-data"] },
      })),
    );
  const deletion = { ids, namespace: "alice", wait: true, confirm: yes };

  it("waits until the agent has let go of each", async () => {
    const kube = cluster();
    const pending = deleteCheckpoints(deletion, followed(kube, handClock()));
    for (const name of ids) {
      for (let i = 0; i < 20 && !dying(kube, name); i += 1) await tick();
      expect(dying(kube, name)).toBe(true);
      await kube.patch(
        checkpoints,
        { name, namespace: "alice" },
        { metadata: { finalizers: null } },
      );
    }
    expect(await pending).toEqual(ids);
    expect(await kube.list(checkpoints)).toEqual([]);
  });

  function dying(kube: FakeKube, name: string): boolean {
    const one = kube.peek(checkpoints, { name, namespace: "alice" });
    return one?.metadata.deletionTimestamp !== undefined;
  }

  it("deletes none when one id is wrong, or without a yes", async () => {
    const kube = cluster();
    const following = followed(kube, handClock());
    const wrong = deleteCheckpoints({ ...deletion, ids: [...ids, "nope"] }, following);
    await expect(wrong).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringMatching(/nope/) as string,
    });
    const no = () => Promise.resolve(false);
    const refused = deleteCheckpoints({ ...deletion, confirm: no }, following);
    await expect(refused).rejects.toSatisfy((error) => hasCode(error, "cancelled"));
    expect(kube.calls.filter(({ verb }) => verb === "remove")).toEqual([]);
  });

  it("without waiting returns at once", async () => {
    const kube = cluster();
    await deleteCheckpoints({ ...deletion, wait: false }, followed(kube, handClock()));
    expect(ids.every((name) => dying(kube, name))).toBe(true);
  });
});
