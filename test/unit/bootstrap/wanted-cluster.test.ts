import { expect, it } from "vitest";
import { wantedCluster } from "#bootstrap/wanted-cluster";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import type { StepChoice } from "#bootstrap/plans/order";
import { systemClock } from "#core/clock";

const around = { report: () => undefined, clock: systemClock };
const wanted = (flags: ClusterFlags, steps: StepChoice = {}, document?: string) =>
  wantedCluster({ home: "/nonexistent", flags, steps, document }, around);

it.each([
  [{}, /has no name/],
  [{ name: "Bad" }, /"Bad" cannot name/],
  [{ name: "dev", provider: "moon" }, /--provider "moon" is not a known provider/],
  [{ name: "dev", provider: "ssh" }, /2 machines are wanted, 0 hosts/],
  [{ name: "dev", provider: "ssh", hosts: ["user@"] }, /"user@"/],
  [{ name: "dev", kubernetesVersion: "v1" }, /"v1" is not a Kubernetes version/],
  [{ name: "dev", podCIDR: "many" }, /"many" is not an IPv4 network/],
  [{ name: "dev", podCIDR: "10.96.0.0/16" }, /overlap/],
] as const)("%o is a usage error with a cure, before the bundle is asked for", async (flags, m) => {
  await expect(wanted(flags)).rejects.toMatchObject({
    code: "usage",
    message: expect.stringMatching(m) as string,
    hint: expect.stringMatching(/./) as string,
  });
});

it("unknown steps are told before the bundle is asked for", async () => {
  const refusal = {
    code: "usage",
    message: expect.stringMatching(/there is no step "brew"/) as string,
  };
  await expect(wanted({ name: "dev" }, { only: "brew" })).rejects.toMatchObject(refusal);
});

it("packages come from the vendors where no bundle is given", async () => {
  const { packages, kubernetesVersion } = await wanted({ name: "dev" });
  expect(packages).toEqual({ kind: "online" });
  expect(kubernetesVersion).toMatch(/^v1\./);
});

it("what a document says wrong is no matter of the command line", async () => {
  const document = `
apiVersion: bootstrap.clouder.datalayer.io/v1alpha1
kind: Cluster
metadata: {name: dev}
spec: {network: {podCIDR: many}}
`;
  await expect(wanted({}, {}, document)).rejects.toMatchObject({ code: "config" });
});
