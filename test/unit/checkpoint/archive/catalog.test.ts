import { describe, expect, it } from "vitest";
import {
  listCheckpoints,
  readManifest,
  removeCheckpoint,
  writeManifest,
} from "#checkpoint/archive/catalog";
import { isCheckpointId, newCheckpointId } from "#checkpoint/archive/checkpoint-id";
import type { Manifest } from "#checkpoint/archive/manifest";
import { formatManifest, parseManifest } from "#checkpoint/archive/manifest-document";
import { failureOf } from "#test/contract/store";
import { createMemoryStore } from "#test/fakes/store";

const digest = "a".repeat(64);

function manifest(namespace: string, pod: string, id: string): Manifest {
  return {
    format: 1,
    id,
    createdAt: "2026-01-01T00:00:00Z",
    completedAt: "2026-01-01T00:00:09.5Z",
    source: {
      clusterUID: "c-uid",
      namespace,
      pod,
      podUID: "p-uid",
      nodeName: "node1",
      podIPs: ["10.1.2.3", "fd00::3"],
    },
    template: { metadata: { labels: { a: "b" } }, spec: { containers: [] } },
    compatibility: {
      architecture: "amd64",
      kernel: "6.18.0",
      runtimeVersion: "containerd://2.4.2",
      cgroupVersion: 1,
      cpuFeatures: ["sse"],
    },
    containers: [
      {
        name: "c",
        rawBytes: 10,
        storedBytes: 5,
        callMilliseconds: 1.5,
        way: "handler",
        image: "i:1",
        imageID: `i@sha256:${digest}`,
        archive: "c.tar.zst",
        index: "c.index.json",
        rawSha256: digest,
        storedSha256: digest,
        indexSha256: digest,
      },
    ],
  };
}

const one = "20260101t000000z-aaaaa";
const two = "20260102t000000z-aaaaa";

describe("the catalog", () => {
  it("lists whole checkpoints by time, reads only their manifests, and hides no good one for a bad one", async () => {
    const store = createMemoryStore();
    for (const id of [two, one]) await writeManifest(store, manifest("ns", "pod", id));
    await writeManifest(store, manifest("ns", "pod-b", one));
    await writeManifest(store, manifest("ns2", "pod", one));
    store.objects.set(`ns/pod/${one}/c.tar.zst`, Buffer.alloc(1000));
    // An upload that died: no manifest.
    store.objects.set("ns/pod/20260103t000000z-aaaaa/c.tar.zst", Buffer.alloc(1000));
    store.objects.set("ns/pod/20260104t000000z-aaaaa/checkpoint.json", Buffer.from("{"));
    const listed: string[] = [];
    for await (const found of listCheckpoints(store, { namespace: "ns", pod: "pod" })) {
      listed.push("manifest" in found ? found.manifest.id : found.error.code);
    }
    expect(listed).toEqual([one, two, "integrity"]);
    expect(store.bytesRead()).toBeLessThan(5000);
    let all = 0;
    for await (const found of listCheckpoints(store)) if (found.prefix !== "") all += 1;
    expect(all).toBe(5);
  });

  it("removes the manifest before anything else, and again without complaint", async () => {
    const store = createMemoryStore();
    await writeManifest(store, manifest("ns", "pod", one));
    store.objects.set(`ns/pod/${one}/c.tar.zst`, Buffer.alloc(10));
    await removeCheckpoint(store, "ns", "pod", one);
    await removeCheckpoint(store, "ns", "pod", one);
    const removals = store.calls.filter((call) => call.startsWith("remove"));
    expect(removals[0]).toBe(`remove ns/pod/${one}/checkpoint.json`);
    expect([...store.objects.keys()]).toEqual([]);
  });

  it("says not-found for an absent checkpoint and refuses another's manifest", async () => {
    const store = createMemoryStore();
    expect((await failureOf(readManifest(store, "ns", "pod", one))).code).toBe("not-found");
    await writeManifest(store, manifest("ns", "pod", one));
    const bytes = store.objects.get(`ns/pod/${one}/checkpoint.json`) ?? Buffer.alloc(0);
    store.objects.set(`ns/victim/${one}/checkpoint.json`, bytes);
    expect((await failureOf(readManifest(store, "ns", "victim", one))).code).toBe("integrity");
  });
});

describe("a manifest", () => {
  const whole = manifest("ns", "pod", one);

  it("comes back as it was", () => {
    expect(parseManifest("m", formatManifest(whole))).toEqual(whole);
  });

  it.each([
    ["format", { ...whole, format: 2 }, "unsupported"],
    ["format", { ...whole, format: "1" }, "integrity"],
    ["id", { ...whole, id: "../x" }, "integrity"],
    ["podIPs", { ...whole, source: { ...whole.source, podIPs: ["1.2.3.4; rm"] } }, "integrity"],
    [
      "archive",
      { ...whole, containers: [{ ...whole.containers[0], archive: "../c" }] },
      "integrity",
    ],
    ["rawBytes", { ...whole, containers: [{ ...whole.containers[0], rawBytes: -1 }] }, "integrity"],
  ])("with a wrong %s is refused by name", async (field, document, code) => {
    const parsing = Promise.resolve(JSON.stringify(document)).then((text) =>
      parseManifest("m", text),
    );
    const failure = await failureOf(parsing);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(field === "format" ? "format" : field);
  });
});

describe("a checkpoint id", () => {
  it("is a DNS label that sorts by time and hardly ever repeats", () => {
    const ids = [0, 1e12, 1.7e12, 1.8e12].map(newCheckpointId);
    expect(ids.every(isCheckpointId)).toBe(true);
    expect(ids.toSorted()).toEqual(ids);
    expect(ids[1]).toMatch(/^20010909t014640z-/);
    expect(new Set(Array.from({ length: 100 }, () => newCheckpointId(0))).size).toBeGreaterThan(98);
  });
});
