import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { initFile, joinFile } from "#bootstrap/kubeadm/documents";
import { newToken, tokenSecret } from "#bootstrap/kubeadm/token";
import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";
import type { Machine } from "#bootstrap/providers/provider";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import { loadSpec } from "#bootstrap/spec/load";

const machine: Machine = {
  ...{ name: "lab-master", role: "control-plane", pool: "control-plane" },
  privateAddress: "10.0.0.4",
  publicAddress: "203.0.113.9",
  reach: { access: "local" },
};
const spec = (flags: ClusterFlags = {}) =>
  loadSpec({
    flags: { name: "lab", ...flags },
    defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
  });
const settings = nodeSettingsFor([], {});
const endpoint = { host: "api.lab.clouder.internal", port: 6443, address: "10.0.0.4" };
const given = { machine, settings, endpoint };
const read = (text: string) =>
  parseAllDocuments(text).map((one) => one.toJS() as Record<string, never>);

describe("the file for kubeadm init (E2)", () => {
  const [init, cluster, kubelet, proxy] = read(initFile(spec(), { ...given, token: "abc.def" }));

  test("is v1beta4, with arguments as lists and one short-lived token", () => {
    expect(init).toMatchObject({
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      bootstrapTokens: [{ token: "abc.def", ttl: "30m0s" }],
      localAPIEndpoint: { advertiseAddress: "10.0.0.4", bindPort: 6443 },
      nodeRegistration: {
        name: "lab-master",
        kubeletExtraArgs: [{ name: "node-ip", value: "10.0.0.4" }],
      },
    });
  });

  test("has a stable name as endpoint, never a node's address", () => {
    expect(cluster).toMatchObject({
      kind: "ClusterConfiguration",
      clusterName: "lab",
      kubernetesVersion: "v1.36.3",
      controlPlaneEndpoint: "api.lab.clouder.internal:6443",
      networking: { podSubnet: "10.244.0.0/16", serviceSubnet: "10.96.0.0/12" },
    });
    expect(cluster?.["apiServer"]).toEqual({
      certSANs: ["api.lab.clouder.internal", "10.0.0.4", "203.0.113.9", "localhost", "127.0.0.1"],
    });
  });

  test("F6 names the machine as its cloud does, and a load balancer's two names in the certificate", () => {
    const providerID = "aws:///us-east-1a/i-0123456789abcdef0";
    const balancer = { host: "inside.example", port: 6443, callers: "outside.example:6443" };
    const input = { machine: { ...machine, providerID }, settings, endpoint: balancer, token: "t" };
    const [first, second] = read(initFile(spec(), input));
    expect(first).toMatchObject({
      nodeRegistration: {
        kubeletExtraArgs: [
          { name: "node-ip", value: "10.0.0.4" },
          { name: "provider-id", value: providerID },
        ],
      },
    });
    expect(second).toMatchObject({
      controlPlaneEndpoint: "inside.example:6443",
      apiServer: {
        certSANs: expect.arrayContaining(["inside.example", "outside.example"]) as string[],
      },
    });
  });

  test("turns on seccomp by default and serving certificates from the cluster", () => {
    expect(kubelet).toMatchObject({
      kind: "KubeletConfiguration",
      cgroupDriver: "systemd",
      seccompDefault: true,
      serverTLSBootstrap: true,
    });
    expect(proxy).toMatchObject({ kind: "KubeProxyConfiguration", mode: "nftables" });
  });

  test("D7 says the gate ContainerCheckpoint on request only, beside those of the machines", () => {
    const gates = (flags: ClusterFlags): unknown => {
      const shared = nodeSettingsFor([], { sharedKernel: true });
      const file = initFile(spec(flags), { ...given, settings: shared, token: "t" });
      return read(file)[2]?.["featureGates"];
    };
    expect(gates({})).toEqual({ KubeletInUserNamespace: true });
    expect(gates({ checkpointGate: true })).toEqual({
      KubeletInUserNamespace: true,
      ContainerCheckpoint: true,
    });
  });

  test("E2 F6 has an external cloud provider where the cloud's controllers run, and else none", () => {
    const external = { name: "cloud-provider", value: "external" };
    const cloud = spec({ provider: "aws", packages: "online" });
    expect(cloud.cloudController).toBe(true);
    const [first, second] = read(initFile(cloud, { ...given, token: "t" }));
    expect(first).toMatchObject({
      nodeRegistration: { kubeletExtraArgs: [{ name: "node-ip", value: "10.0.0.4" }, external] },
    });
    expect(second).toMatchObject({ controllerManager: { extraArgs: [external] } });
    expect(second?.["apiServer"]).not.toHaveProperty("extraArgs");
    const worker = { ...machine, name: "lab-node-1", role: "worker" } as const;
    const joining = { token: "abc.def", caCertHash: "sha256:00" };
    expect(joinFile(cloud, { ...given, machine: worker, joining })).toContain('"external"');
    expect(initFile(spec(), { ...given, token: "t" })).not.toContain("cloud-provider");
  });

  test("leaves the control plane's taint to kubeadm unless it is to be schedulable", () => {
    const taints = (flags: ClusterFlags) => {
      const [document] = read(initFile(spec(flags), { ...given, token: "t" }));
      return document?.["nodeRegistration"] as unknown as { readonly taints?: unknown };
    };
    expect(taints({}).taints).toBeUndefined();
    expect(taints({ schedulableControlPlane: true }).taints).toEqual([]);
  });
});

test("the file for kubeadm join pins the CA and uses the stable name (E4)", () => {
  const joining = { token: "abc.def", caCertHash: "sha256:00" };
  const worker = { ...machine, name: "lab-node-1", role: "worker" } as const;
  const [document] = read(joinFile(spec(), { ...given, machine: worker, joining }));
  expect(document?.["controlPlane"]).toBeUndefined();
  expect(document).toMatchObject({
    kind: "JoinConfiguration",
    discovery: {
      bootstrapToken: {
        apiServerEndpoint: "api.lab.clouder.internal:6443",
        token: "abc.def",
        caCertHashes: ["sha256:00"],
      },
    },
  });
});

test("a further control plane joins with the key of the uploaded certificates (E6)", () => {
  const joining = { token: "abc.def", caCertHash: "sha256:00", certificateKey: "c0ffee" };
  const plane = { ...machine, name: "lab-master-2", privateAddress: "10.0.0.5" };
  expect(read(joinFile(spec(), { ...given, machine: plane, joining }))[0]).toMatchObject({
    nodeRegistration: { name: "lab-master-2" },
    controlPlane: {
      localAPIEndpoint: { advertiseAddress: "10.0.0.5", bindPort: 6443 },
      certificateKey: "c0ffee",
    },
  });
});

test("a join token is fresh, in kubeadm's form, and ends within 30 minutes (E4)", () => {
  const token = newToken();
  expect(token).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
  expect(newToken()).not.toBe(token);
  expect(tokenSecret(token, new Date(1_800_000_000_123))).toMatchObject({
    metadata: { name: `bootstrap-token-${token.slice(0, 6)}`, namespace: "kube-system" },
    stringData: { expiration: "2027-01-15T08:00:00Z", "usage-bootstrap-signing": "true" },
  });
});
