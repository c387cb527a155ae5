import { describe, expect, test } from "vitest";
import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";
import type { Machine } from "#bootstrap/providers/provider";
import type { NodeRequests } from "#bootstrap/spec/cluster-spec";
import { criu } from "#bootstrap/steps/criu";
import { prepareHost } from "#bootstrap/steps/prepare-host";
import type { Facts, Host, Step } from "#bootstrap/steps/step";
import { scriptedNode, type ScriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "../plans/plan.ts";

const machine: Machine = {
  ...{ name: "lab-node-1", role: "worker", pool: "workers", privateAddress: "10.0.0.5" },
  reach: { access: "local" },
};

interface Given {
  readonly kernel?: string;
  readonly shared?: boolean;
  readonly nodes?: NodeRequests;
}

function run(step: Step, access: ScriptedNode, given: Given = {}) {
  const { kernel = "6.18.5", shared = false, nodes } = given;
  if (step.scope !== "node") throw new Error("a node step is expected");
  const settings = { ...nodeSettingsFor([], {}), sharedKernel: shared };
  const host = { name: machine.name, kernel, settings } as Host;
  const facts: Partial<Facts> = { hosts: [host], machines: [machine] };
  const context = contextFor();
  const spec = { ...context.spec, ...(nodes && { nodes }) };
  return step.run({ ...context, spec }, facts, { machine, access });
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
    expect(done).toContain("modprobe -a -- overlay br_netfilter");
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

describe("io_uring (D4)", () => {
  const asked = { nodes: { disableIoUring: true, checkpointGate: false } };
  const switchFile = "/proc/sys/kernel/io_uring_disabled";
  const settings = "/etc/sysctl.d/99-clouder.conf";
  const modern = () =>
    scriptedNode("lab-node-1", [], { "/etc/hosts": "127.0.0.1 x\n", [switchFile]: "0\n" });

  test("stays as it is where nobody asks (D4)", async () => {
    const node = modern();
    await run(prepareHost, node);
    expect(node.files.get(settings)).not.toContain("io_uring");
  });

  test("is switched off on request, before the settings are loaded (D4)", async () => {
    const node = modern();
    await run(prepareHost, node, asked);
    expect(node.files.get(settings)).toContain("\nkernel.io_uring_disabled = 2\n");
    expect(lines(node)).toContain(`sysctl -q -p ${settings}`);
  });

  test.each([
    ["a kernel without the switch", scriptedNode("lab-node-1"), false, "6.6"],
    ["a kernel that is the host's", modern(), true, "seccompDefault"],
  ])("is refused on %s, before anything is changed (D4)", async (_what, node, shared, cure) => {
    await expect(run(prepareHost, node, { ...asked, shared })).rejects.toMatchObject({
      code: "unsupported",
      hint: expect.stringContaining(cure) as string,
    });
    expect(node.files.has(settings)).toBe(false);
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
    await expect(run(criu, old, { kernel })).rejects.toMatchObject({
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
