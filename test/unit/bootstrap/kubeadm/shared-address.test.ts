import { describe, expect, test } from "vitest";
import { apiEndpoint } from "#bootstrap/kubeadm/endpoint";
import { sharedAddressFiles } from "#bootstrap/kubeadm/shared-address";
import type { Machine, Provider } from "#bootstrap/providers/provider";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import { loadSpec } from "#bootstrap/spec/load";

const plane = (number: number): Machine => ({
  ...{ name: `lab-master-${number}`, role: "control-plane", pool: "control-plane" },
  ...{ privateAddress: `10.0.0.${10 + number}`, reach: { access: "local" } },
});
const planes = [1, 2, 3].map(plane);

describe("the endpoint of the API servers (E6)", () => {
  const endpointOf = (flags: ClusterFlags, provider: Pick<Provider, "apiAddress"> = {}) =>
    apiEndpoint(
      {
        spec: loadSpec({
          flags: { name: "lab", ...flags },
          defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
        }),
        ...{ folder: "/nowhere", report: () => undefined, provider },
      },
      planes,
    );

  test("is a name for the first control plane where there is one", async () => {
    expect(await endpointOf({})).toEqual({
      ...{ host: "api.lab.clouder.internal", port: 6443, address: "10.0.0.11" },
    });
  });

  test("is a load balancer that is given", async () => {
    const flags = { controlPlanes: 3, endpoint: "api.example.org:443" };
    expect(await endpointOf(flags)).toMatchObject({ host: "api.example.org", port: 443 });
  });

  test("is an address that the control planes share, given or picked by the provider", async () => {
    const shared = { host: "api.lab.clouder.internal", port: 8443, virtual: true };
    const given = await endpointOf({ controlPlanes: 3, virtualAddress: "10.0.0.9" });
    expect(given).toMatchObject({ ...shared, address: "10.0.0.9", callers: "10.0.0.9:8443" });
    const apiAddress = () => Promise.resolve({ virtual: "10.0.0.10" });
    const picked = await endpointOf({ controlPlanes: 3 }, { apiAddress });
    expect(picked).toMatchObject({ ...shared, address: "10.0.0.10" });
    expect(await endpointOf({}, { apiAddress })).toMatchObject({ address: "10.0.0.11" });
  });

  test("is asked for where nobody has one", async () => {
    await expect(endpointOf({ controlPlanes: 3 })).rejects.toMatchObject({
      code: "config",
      hint: expect.stringContaining("--virtual-address") as string,
    });
  });

  test("goes with an odd number of control planes only", async () => {
    await expect(async () => endpointOf({ controlPlanes: 2 })).rejects.toThrow(
      /1, 3|1, 3 or 5|must be/,
    );
    await expect(async () => endpointOf({ controlPlanes: 4 })).rejects.toThrow(/must be/);
  });
});

describe("keepalived and haproxy", () => {
  const [own, second] = planes;
  const files = new Map(
    sharedAddressFiles({ address: "10.0.0.10", planes, own: second!, link: "eth0" }).map((file) => [
      file.path,
      file,
    ]),
  );

  test("haproxy spreads over the API servers that are ready", () => {
    const text = files.get("/etc/haproxy/haproxy.cfg")?.content ?? "";
    expect(text).toContain("bind *:8443");
    for (const { name, privateAddress } of planes) {
      expect(text).toContain(`server ${name} ${privateAddress}:6443`);
    }
    expect(text).toContain("option httpchk GET /readyz");
  });

  test("keepalived tells its peers directly and ranks the first control plane highest", () => {
    const file = files.get("/etc/keepalived/keepalived.conf");
    expect(file?.mode).toBe(0o600);
    expect(file?.content).toMatch(
      /unicast_src_ip 10\.0\.0\.12\n\s+unicast_peer \{\n\s+10\.0\.0\.11\n\s+10\.0\.0\.13\n/,
    );
    expect(file?.content).toContain("priority 149");
    expect(file?.content).toContain("10.0.0.10/32");
    const [, , first] = sharedAddressFiles({
      ...{ address: "10.0.0.10", planes, own: own!, link: "eth0" },
    });
    expect(first?.content).toContain("priority 150");
  });

  test("the check is a program that only root can write", () => {
    const file = files.get("/etc/keepalived/check-apiserver");
    expect(file?.mode).toBe(0o755);
    expect(file?.content).toContain("127.0.0.1");
  });
});
