import { describe, expect, test } from "vitest";
import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";
import type { Machine } from "#bootstrap/providers/provider";
import { criu } from "#bootstrap/steps/criu";
import { prepareHost } from "#bootstrap/steps/prepare-host";
import type { Facts, Host, Step } from "#bootstrap/steps/step";
import { scriptedNode, type ScriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "../plans/plan.ts";

const machine: Machine = {
  ...{ name: "lab-node-1", role: "worker", pool: "workers", privateAddress: "10.0.0.5" },
  reach: { access: "local" },
};

function run(step: Step, access: ScriptedNode, kernel = "6.18.5") {
  if (step.scope !== "node") throw new Error("a node step is expected");
  const settings = { ...nodeSettingsFor([], {}), sharedKernel: false };
  const host = { name: machine.name, kernel, settings } as Host;
  const facts: Partial<Facts> = { hosts: [host], machines: [machine] };
  return step.run(contextFor(), facts, { machine, access });
}
const lines = (node: ScriptedNode) => node.ran.map(({ line }) => line);

describe("a host", () => {
  test("is prepared after cloud-init: swap off, modules and kernel settings for good (D3)", async () => {
    const node = scriptedNode("lab-node-1", [], { "/etc/hosts": "127.0.0.1 localhost\n" });
    await run(prepareHost, node);
    const done = lines(node);
    expect(done[0]).toContain("cloud-init status --wait");
    const swap = done.find((line) => line.includes("swapoff -a"));
    expect(swap).toContain("/etc/fstab");
    expect(node.files.get("/etc/modules-load.d/clouder.conf")).toBe("overlay\nbr_netfilter\n");
    for (const name of ["overlay", "br_netfilter"]) expect(done).toContain(`modprobe -- ${name}`);
    const settings = node.files.get("/etc/sysctl.d/99-clouder.conf");
    for (const name of [
      ...["net.ipv4.ip_forward", "net.bridge.bridge-nf-call-iptables"],
      "net.bridge.bridge-nf-call-ip6tables",
    ]) {
      expect(settings).toContain(`${name} = 1\n`);
    }
    expect(done).toContain("sysctl -q -p /etc/sysctl.d/99-clouder.conf");
  });

  test("on which cloud-init does not end is told as such (D3)", async () => {
    const node = scriptedNode("lab-node-1", [[/cloud-init/, { status: 124 }]]);
    await expect(run(prepareHost, node)).rejects.toMatchObject({
      code: "timeout",
      hint: expect.stringContaining("cloud-init status --long") as string,
    });
    expect(node.ran).toHaveLength(1);
  });
});

describe("CRIU", () => {
  const node = (version: string, check = 0) =>
    scriptedNode("lab-node-1", [
      [/^criu --version/, `Version: ${version}\nGitID: v${version}\n`],
      [/^criu check/, { status: check, stderr: "Error: kernel lacks userfaultfd\n" }],
    ]);

  test("that fits the kernel and passes its check is configured (D4)", async () => {
    const fit = node("4.2.1");
    await run(criu, fit);
    expect(fit.files.get("/etc/criu/runc.conf")).toContain("tcp-established\n");
  });

  test.each([
    ["3.17.1", "6.18.5", "4.2"],
    ["4.1.1", "6.16.0", "4.2"],
    ["3.15", "5.10.0", "3.16"],
  ])("%s on kernel %s is refused: %s is needed (D4)", async (version, kernel, needed) => {
    const old = node(version);
    await expect(run(criu, old, kernel)).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining(
        `CRIU ${version}, its kernel ${kernel} needs ${needed}`,
      ) as string,
    });
    expect(old.files.size).toBe(0);
  });

  test("whose check fails, fails the step with what it says (D4)", async () => {
    await expect(run(criu, node("4.2", 1))).rejects.toMatchObject({
      code: "criu",
      message: expect.stringContaining("userfaultfd") as string,
    });
  });
});
