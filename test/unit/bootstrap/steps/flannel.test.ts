import { describe, expect, test } from "vitest";
import { flannelManifest } from "#bootstrap/packages/flannel-manifest";
import type { Machine } from "#bootstrap/providers/provider";
import { flannel } from "#bootstrap/steps/flannel";
import { scriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "../plans/plan.ts";

const machine: Machine = {
  ...{ name: "lab-master", role: "control-plane", pool: "control-plane" },
  ...{ privateAddress: "10.0.0.4", reach: { access: "local" } },
};

async function run(access: ReturnType<typeof scriptedNode>, podCIDR = "10.244.0.0/16") {
  if (flannel.scope !== "cluster") throw new Error("a step of the cluster is expected");
  const context = contextFor();
  const packages = {
    ...context.packages,
    flannelManifest: () => Promise.resolve(flannelManifest()),
  };
  const spec = { ...context.spec, network: { ...context.spec.network, podCIDR } };
  return await flannel.run({ ...context, packages, spec }, { plane: { machine, access } });
}

describe("the pod network (F1)", () => {
  test("F1 is flannel over VXLAN in the pods' network, its images pinned", async () => {
    const access = scriptedNode("lab-master");
    await run(access, "10.99.0.0/16");
    const applied =
      access.ran.find(({ line }) => line.includes("apply --server-side"))?.stdin ?? "";
    expect(applied).toContain("10.99.0.0/16");
    expect(applied).not.toContain("10.244.0.0/16");
    expect(applied).toContain("vxlan");
    const images = [...applied.matchAll(/"image": "([^"]+)"/g)].map(([, image = ""]) => image);
    expect(images.length).toBeGreaterThan(0);
    for (const image of images) expect(image).toMatch(/:v?\d+\.\d+\.\d+|@sha256:/);
  });

  test("F1 is left alone by a rerun, and put back where it is gone", async () => {
    const there = [/get daemonset/, "daemonset.apps/kube-flannel-ds\n"] as const;
    const access = scriptedNode("lab-master", [there]);
    await run(access);
    expect(await run(access)).toEqual({ skipped: "installed already" });
    const gone = scriptedNode("lab-master", [], Object.fromEntries(access.files));
    expect(await run(gone)).toEqual({});
    expect(gone.ran.some(({ line }) => line.includes("apply --server-side"))).toBe(true);
  });
});
