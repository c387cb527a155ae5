import { expect, test } from "vitest";
import type { Difference } from "#bootstrap/differences/difference";
import { stepsFor } from "#bootstrap/differences/steps";
import { localProvider } from "#bootstrap/providers/local/provider";
import { loadSpec } from "#bootstrap/spec/load";
import { noPackages } from "#bootstrap/packages/none";
import { contextFor } from "../plans/plan.ts";

const spec = loadSpec({
  flags: { name: "lab", workers: 2 },
  defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
});
const context = { ...contextFor(), spec, provider: localProvider, packages: noPackages };
const difference = (object: string, field = "x", change: Difference["change"] = "update") => ({
  ...{ object, change, fields: [{ field, after: "y" }] },
});
const steps = (...all: Difference[]) => stepsFor(context, all);
const hostsOf = (id: string, all: Awaited<ReturnType<typeof steps>>) =>
  all.find(({ step }) => step === id)?.hosts;

test("without differences, or with refused ones alone, nothing runs", async () => {
  expect(await steps()).toEqual([]);
  expect(await steps(difference("cluster/lab", "spec.network.podCIDR", "refused"))).toEqual([]);
});

test("a missing machine is made alone, and each step tells the machines it runs on", async () => {
  const all = await steps(difference("machine/lab-node-2", "role", "create"));
  const machines = all.find(({ step }) => step === "machines")?.lines ?? [];
  expect(machines.filter((line) => line.startsWith("systemd-nspawn"))).toEqual([
    "systemd-nspawn --boot --machine=lab-node-2, from the bundle's machine root",
  ]);
  expect(hostsOf("containerd", all)).toEqual(["lab-node-2"]);
  expect(hostsOf("join", all)).toEqual(["lab-node-2"]);
  for (const other of ["join-control-plane", "init", "flannel"]) {
    expect(all.map(({ step }) => step)).not.toContain(other);
  }
});

test("labels and taints alone are set by the one step", async () => {
  const all = await steps(difference("node/lab-node-1", "labels.example.org/team"));
  expect(all.map(({ step, hosts }) => [step, hosts])).toEqual([["mark-nodes", ["lab-node-1"]]]);
});

test("a label on one machine brings no other step there", async () => {
  const all = await steps(
    difference("node/lab-node-1", "labels.example.org/team"),
    difference("machine/lab-node-2", "role", "create"),
  );
  expect(hostsOf("containerd", all)).toEqual(["lab-node-2"]);
  expect(hostsOf("mark-nodes", all)).toEqual(["lab-node-1", "lab-node-2"]);
});

test("machines that are there are not made again", async () => {
  const all = await steps(difference("host/lab-node-1", "kubelet.service"));
  expect(all.map(({ step }) => step)).not.toContain("machines");
  expect(hostsOf("kubelet", all)).toEqual(["lab-node-1"]);
});

test("what concerns the whole cluster concerns all machines", async () => {
  const all = await steps(difference("cluster/lab", "setup"));
  expect(hostsOf("containerd", all)).toEqual(["lab-master", "lab-node-1", "lab-node-2"]);
});
