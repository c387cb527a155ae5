import { describe, expect, test } from "vitest";
import type { CloudFacts } from "#bootstrap/clouds/cloud-facts";
import type { Machine, Provider } from "#bootstrap/providers/provider";
import { cloudController } from "#bootstrap/steps/cloud-controller";
import { cloudNodes } from "#bootstrap/steps/cloud-nodes";
import type { Node, Step } from "#bootstrap/steps/step";
import { awsFacts, azureFacts } from "#test/fixtures/cloud-facts";
import { createManualClock } from "#test/fakes/manual-clock";
import { scriptedNode, type ScriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "../plans/plan.ts";

const machine = (name: string, role: Machine["role"]): Machine => ({
  ...{ name, role, pool: role === "worker" ? "workers" : "control-plane" },
  ...{ privateAddress: "10.0.0.4", reach: { access: "local" } },
});
const first = (access: ScriptedNode): Node => ({
  machine: machine("dev-master", "control-plane"),
  access,
});
const clock = createManualClock();

function run(step: Step, nodes: readonly Node[], cloud: CloudFacts, with_ = true) {
  if (step.scope !== "cluster") throw new Error("a step of the cluster is expected");
  const context = contextFor();
  const provider = { cloudFacts: () => Promise.resolve(cloud) } as unknown as Provider;
  const spec = { ...context.spec, name: "dev", ...(with_ && { cloudController: true as const }) };
  return step.run({ ...context, spec, provider, clock }, { nodes });
}
const applied = (node: ScriptedNode) =>
  node.ran.filter(({ line }) => line.includes(" apply ")).map(({ stdin }) => stdin);

describe("the step that runs the cloud's controllers", () => {
  test("F2 gives every control plane the settings, and no worker; again it changes nothing", async () => {
    const there = /get daemonset cloud-controller-manager/;
    const plane = scriptedNode("dev-master", [[there, "daemonset.apps/x\n"]]);
    const second = scriptedNode("dev-master-2");
    const worker = scriptedNode("dev-node-1");
    const nodes = [
      first(plane),
      { machine: machine("dev-master-2", "control-plane"), access: second },
      { machine: machine("dev-node-1", "worker"), access: worker },
    ];
    expect(await run(cloudController, nodes, azureFacts)).toEqual({});
    for (const one of [plane, second]) {
      expect(one.files.get("/etc/kubernetes/azure.json")).toContain(azureFacts.identity);
    }
    expect(worker.ran).toEqual([]);
    const [manifest] = applied(plane);
    expect(manifest).toContain('"azure-cloud-provider"');
    expect(manifest).toContain("cloud-node-manager");
    expect(plane.ran.map(({ line }) => line).join("\n")).not.toContain(azureFacts.tenant);
    await run(cloudController, nodes, azureFacts);
    expect(applied(plane)).toHaveLength(1);
  });

  test("F6 applies AWS' controller on the cluster's first control plane", async () => {
    const plane = scriptedNode("dev-master");
    await run(cloudController, [first(plane)], awsFacts);
    expect(applied(plane)[0]).toContain("--cluster-name=dev");
    expect(plane.files.has("/etc/kubernetes/azure.json")).toBe(false);
  });

  test("does nothing where the cluster runs without one", async () => {
    const plane = scriptedNode("dev-master");
    for (const step of [cloudController, cloudNodes]) {
      const outcome = await run(step, [first(plane)], awsFacts, false);
      expect(outcome.skipped).toContain("without a cloud controller");
    }
    expect(plane.ran).toEqual([]);
  });
});

test("F6 create waits until no node is uninitialized, those that are still to register included", async () => {
  const taint = { key: "node.cloudprovider.kubernetes.io/uninitialized", effect: "NoSchedule" };
  const node = (name: string, waits: boolean) => ({
    metadata: { name },
    spec: waits ? { taints: [taint] } : {},
  });
  const looks = [
    [node("dev-master", true)],
    [node("dev-master", false)],
    [node("dev-master", false), node("dev-node-1", true)],
    [node("dev-master", false), node("dev-node-1", false)],
  ];
  let seen = 0;
  const plane = scriptedNode("dev-master", [
    [/get nodes/, () => JSON.stringify({ items: looks[seen++] })],
  ]);
  const worker: Node = { machine: machine("dev-node-1", "worker"), access: scriptedNode("w") };
  const done = run(cloudNodes, [first(plane), worker], awsFacts);
  await clock.advance(2000);
  expect(seen).toBe(3);
  await clock.advance(1000);
  expect(await done).toEqual({});
  expect(seen).toBe(4);
});
