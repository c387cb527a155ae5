import { describe, expect, test } from "vitest";
import { upgradeNode } from "#bootstrap/plans/upgrade-node";
import type { Place } from "#bootstrap/pools/place";
import type { PlanContext } from "#bootstrap/steps/step";
import type { KubeObject } from "#kube/kube";
import { nodes, type Node } from "#kube/resources";
import { createFakeKube } from "#test/fakes/kube";
import { scriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "./plan.ts";

const mark = "clouder.datalayer.io/upgrading";

/** A node as a killed upgrade may leave it. */
function world(node: {
  readonly version: string;
  readonly marked: boolean;
  readonly off: boolean;
}) {
  const object = {
    ...{ apiVersion: "v1", kind: "Node" },
    metadata: { name: "lab-node-1", ...(node.marked && { annotations: { [mark]: "v1.36.1" } }) },
    spec: { ...(node.off && { unschedulable: true }) },
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      nodeInfo: { kubeletVersion: node.version },
    },
  } as KubeObject;
  const kube = createFakeKube([object]);
  const base = contextFor();
  const pools = base.spec.pools.map((pool) => ({ ...pool, checkpoint: false }));
  const context: PlanContext = { ...base, spec: { ...base.spec, pools } };
  const around = { ...base, connect: () => Promise.resolve(kube) };
  const access = scriptedNode("lab-node-1");
  const run = () =>
    upgradeNode({
      place: { around, context, spec: context.spec, kube } as unknown as Place,
      ...{ context, facts: {}, command: ["node"], drain: { timeoutMs: 1000, force: false } },
      node: {
        machine: {
          ...{ name: "lab-node-1", role: "worker", pool: "workers", privateAddress: "10.0.0.5" },
          reach: { access: "local" },
        },
        access,
      },
    });
  return { run, access, node: () => kube.peek<Node>(nodes, { name: "lab-node-1" }) };
}

describe("one node of an upgrade (H7)", () => {
  test("is passed over when it has the version", async () => {
    const { run, access } = world({ version: "v1.36.3", marked: false, off: false });
    expect(await run()).toBe(false);
    expect(access.ran).toEqual([]);
  });

  test("gets its pods back when a run was killed before", async () => {
    const { run, access, node } = world({ version: "v1.36.3", marked: true, off: true });
    expect(await run()).toBe(true);
    expect(node()?.spec.unschedulable).not.toBe(true);
    expect(node()?.metadata.annotations?.[mark]).toBeUndefined();
    expect(access.ran.some(({ line }) => line.includes("kubeadm"))).toBe(false);
  });

  test("stays cordoned when somebody else has cordoned it", async () => {
    const { run, node } = world({ version: "v1.36.3", marked: false, off: true });
    expect(await run()).toBe(false);
    expect(node()?.spec.unschedulable).toBe(true);
  });
});
