import { describe, expect, it } from "vitest";
import { readyCondition } from "#checkpoint/api/store-condition";
import { checkpointStores, type CheckpointStore } from "#checkpoint/api/types";
import { folderFinding, judgeFolderStores } from "#checkpoint/controller/folder-stores";
import { createFakeKube } from "#test/fakes/kube";
import { ago, factsMap, makeFacts, makeStore, now } from "#test/unit/checkpoint/controller/objects";

const url = "file:///mnt/share/";
const able = (name: string) => makeFacts(name, { storeFolders: ["/mnt/share"] });

describe("K1 a folder as a store", () => {
  it("is ready when all agents can write there", () => {
    expect(folderFinding(url, [able("a"), able("b")], now)).toMatchObject({
      ready: true,
      message: "writable on all 2 nodes",
    });
  });

  it("is not ready when one cannot, and says where and what to do", () => {
    const finding = folderFinding(url, [able("a"), makeFacts("b")], now);
    expect(finding).toMatchObject({ ready: false, reason: "NotWritable" });
    expect(finding.message).toBe(
      "not writable on b; kubectl clouder install --store-dir /mnt/share",
    );
  });

  it("is unknown while no agent speaks", () => {
    const silent = makeFacts("a", { storeFolders: ["/mnt/share"], observedAt: ago(600) });
    expect(folderFinding(url, [silent], now)).toMatchObject({ ready: "unknown" });
  });

  it("is written once, and again only when something else is to be said", async () => {
    const kube = createFakeKube([
      makeStore("share", { url }),
      makeStore("s3"),
      factsMap(able("node-1")),
    ]);
    const patches = () => kube.calls.filter(({ verb }) => verb === "patch").length;
    await judgeFolderStores(kube, now);
    await judgeFolderStores(kube, now);
    expect(patches()).toBe(1);
    kube.seed(factsMap(makeFacts("node-2")));
    await judgeFolderStores(kube, now);
    expect(patches()).toBe(2);
    const share = kube.peek<CheckpointStore>(checkpointStores, { name: "share" });
    expect(readyCondition(share!)).toMatchObject({
      status: "False",
      message: expect.stringContaining("node-2") as string,
    });
  });
});
