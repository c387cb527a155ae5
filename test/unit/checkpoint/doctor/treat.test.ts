import { describe, expect, it } from "vitest";
import { treat } from "#checkpoint/doctor/treat";
import { installObjects } from "#checkpoint/install/objects";
import { imageName, installSettings } from "#checkpoint/install/settings";
import { silent } from "#core/report";
import { version } from "#core/version";
import { nameOf, referenceOf, resourceOf } from "#kube/install/kinds";
import type { KubeObject } from "#kube/kube";
import { createFakeKube } from "#test/fakes/kube";

const done = {
  conditions: [{ type: "Established", status: "True" }],
  ...{
    observedGeneration: 9,
    desiredNumberScheduled: 1,
    updatedNumberScheduled: 1,
    numberReady: 1,
  },
  ...{ replicas: 2, updatedReplicas: 2, readyReplicas: 2 },
};
const all = installObjects(installSettings({ image: imageName(version) })).map(
  (object) => ({ ...object, status: done }) as KubeObject,
);
const isLost = ({ kind }: KubeObject) => kind === "RuntimeClass" || kind === "ClusterRole";

function clinic(objects: readonly KubeObject[], answer = true) {
  const kube = createFakeKube(objects);
  const asked: string[] = [];
  const context = {
    kube,
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    report: silent,
    timeoutMs: 1000,
    confirm: (question: string) => {
      asked.push(question);
      return Promise.resolve(answer);
    },
  };
  return { kube, asked, treated: () => treat(context) };
}

describe("doctor --fix", () => {
  it("makes the objects that are absent, by name, and touches no other", async () => {
    const { kube, asked, treated } = clinic(all.filter((object) => !isLost(object)));
    const made = await treated();
    const lost = all.filter(isLost);
    expect(made.map(({ object }) => object)).toEqual(lost.map(referenceOf));
    expect(made.every(({ outcome }) => outcome === "created")).toBe(true);
    for (const object of lost) {
      expect(asked[0]).toContain(referenceOf(object));
      expect(kube.peek(resourceOf(object), nameOf(object))).toBeDefined();
    }
    expect(kube.calls.filter(({ verb }) => verb === "apply")).toHaveLength(lost.length);
  });

  it("asks nothing and changes nothing where nothing is absent", async () => {
    const { kube, asked, treated } = clinic(all);
    expect(await treated()).toEqual([]);
    expect(asked).toEqual([]);
    expect(kube.calls.filter(({ verb }) => verb !== "get")).toEqual([]);
  });

  it("changes nothing without a yes", async () => {
    const { kube, treated } = clinic([], false);
    await expect(treated()).rejects.toMatchObject({ code: "cancelled" });
    expect(kube.calls.filter(({ verb }) => verb === "apply")).toEqual([]);
  });
});
