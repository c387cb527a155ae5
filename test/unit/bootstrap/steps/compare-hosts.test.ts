import { expect, test } from "vitest";
import type { Machine, Provider } from "#bootstrap/providers/provider";
import { compareHosts } from "#bootstrap/steps/compare-hosts";
import type { Host } from "#bootstrap/steps/step";
import { contextFor } from "../plans/plan.ts";

const machine = (name: string, privateAddress: string): Machine => ({
  ...{ name, role: "worker", pool: "workers", privateAddress, reach: { access: "local" } },
});
const host = (name: string, machineId: string, cgroup: "v1" | "v2" = "v2") =>
  ({ name, machineId, cgroup, sysResource: true, sharedKernel: false }) as Host;
const provider = { nodeSettings: () => Promise.resolve({}) } as unknown as Provider;

function compare(machines: readonly Machine[], hosts: readonly Host[]) {
  if (compareHosts.scope !== "cluster") throw new Error("a step of the cluster is expected");
  return compareHosts.run({ ...contextFor(), provider }, { machines, hosts });
}
const two = [machine("lab-master", "10.0.0.4"), machine("lab-node-1", "10.0.0.5")] as const;

test("machines that differ get the settings that fit them all (O4)", async () => {
  const { facts } = await compare(two, [host("lab-master", "a"), host("lab-node-1", "b")]);
  expect(facts?.settings).toMatchObject({ cgroupDriver: "systemd", sharedKernel: false });
});

test.each([
  [
    "a copy of another one",
    two,
    [host("lab-master", "a"), host("lab-node-1", "a")],
    ...([
      "conflict",
      /lab-node-1 and lab-master have the same .*machine-id/,
      /machine-id/,
    ] as const),
  ],
  [
    "another one's address behind another port",
    [two[0], machine("lab-node-1", "10.0.0.4")],
    [host("lab-master", "a"), host("lab-node-1", "b")],
    ...([
      "conflict",
      /lab-node-1 and lab-master have one address, 10\.0\.0\.4/,
      /its own/,
    ] as const),
  ],
  [
    "the old cgroups beside the new ones",
    two,
    [host("lab-master", "a"), host("lab-node-1", "b", "v1")],
    ...(["unsupported", /lab-node-1 have cgroup v1/, /unified_cgroup_hierarchy/] as const),
  ],
])("a machine with %s is refused before the cluster begins (O4)", async (...row) => {
  const [, machines, hosts, code, message, hint] = row;
  await expect(compare(machines, hosts)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
    hint: expect.stringMatching(hint) as string,
  });
});
