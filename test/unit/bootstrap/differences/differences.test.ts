import { describe, expect, test } from "vitest";
import { hostDifference } from "#bootstrap/differences/hosts";
import { machineDifferences } from "#bootstrap/differences/machines";
import { clusterDifferences } from "#bootstrap/differences/nodes";
import { lastingDifferences } from "#bootstrap/differences/recorded";
import { localProvider } from "#bootstrap/providers/local/provider";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";
import { ClouderError } from "#core/error";
import { createFakeKube } from "#test/fakes/kube";
import { scriptedNode } from "#test/fakes/scripted-node";

const spec = loadSpec({
  flags: { name: "lab" },
  defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
});
const [plane, worker] = wantedMachines(spec);
const machine = (one: typeof plane) => ({
  ...one!,
  privateAddress: "10.0.0.1",
  reach: { access: "local" as const },
});

test("H3 a pool's machines stay of their size: another one is another pool", () => {
  const pools = (change: object) => spec.pools.map((pool) => ({ ...pool, ...change }));
  const other = { ...spec, pools: pools({ size: "m6i.xlarge", spot: true }) };
  const [difference, ...rest] = lastingDifferences(spec, other, localProvider);
  expect(rest).toEqual([]);
  expect(difference).toMatchObject({
    ...{ object: "pool/workers", change: "refused" },
    fields: [
      { field: "size", after: "m6i.xlarge" },
      { field: "spot", after: "true" },
    ],
    cure: expect.stringContaining("nodepool create lab") as string,
  });
  const empty = { ...spec, pools: pools({ count: 0 }) };
  const grown = { ...other, pools: other.pools.map((pool) => ({ ...pool, count: 2 })) };
  expect(lastingDifferences(empty, grown, localProvider)).toEqual([]);
});

test("a machine that does not run is made, one in another pool is told", () => {
  expect(machineDifferences([plane!, worker!], [machine(plane)])).toEqual([
    {
      object: "machine/lab-node-1",
      change: "create",
      fields: [
        { field: "role", after: "worker" },
        { field: "pool", after: "workers" },
      ],
    },
  ]);
  const moved = { ...machine(worker), pool: "gpu" };
  expect(machineDifferences([worker!], [moved])[0]?.fields).toEqual([
    { field: "pool", before: "gpu", after: "workers" },
  ]);
});

describe("what a machine says", () => {
  const stamps = (uid: string) => ({
    "/var/lib/clouder/bootstrap/cluster.json": JSON.stringify({ uid, state: "ready" }),
    "/var/lib/clouder/bootstrap/proof.json": JSON.stringify({ result: "proven" }),
  });
  const answer = "kubelet=v1.36.3\ncontainerd.service=active\nkubelet.service=active\nswap=0\n";
  const fields = async (said: string, files: Readonly<Record<string, string>>) =>
    (await hostDifference(spec, "u", worker!, scriptedNode("x", [[/kubelet/, said]], files)))[0]
      ?.fields;

  test("is nothing where all is well", async () => {
    expect(await fields(answer, stamps("u"))).toBeUndefined();
  });

  test("is every program, service and stamp that is another", async () => {
    const other = "kubelet=v1.36.1\ncontainerd.service=failed\nkubelet.service=active\nswap=1\n";
    expect(await fields(other, stamps("v"))).toEqual([
      { field: "kubelet", before: "v1.36.1", after: "v1.36.3" },
      { field: "containerd.service", before: "failed", after: "active" },
      { field: "swap", before: "on", after: "off" },
      { field: "cluster", before: "v", after: "u" },
    ]);
  });

  test("is everything on a machine that was never touched", async () => {
    const none = "kubelet=\ncontainerd.service=inactive\nkubelet.service=inactive\nswap=0\n";
    expect((await fields(none, {}))?.map(({ field }) => field)).toEqual(
      expect.arrayContaining(["kubelet", "cluster", "joined", "checkpoint"]),
    );
  });
});

describe("what the API server says", () => {
  const node = (name: string, pool: string, more: object = {}) => ({
    ...{ apiVersion: "v1", kind: "Node" },
    metadata: {
      name,
      labels: {
        "clouder.datalayer.io/pool": pool,
        "clouder.datalayer.io/checkpoint": "proven",
        "role.datalayer.io/runtime": "true",
        "node.datalayer.io/variant": "medium",
        "xpu.datalayer.io/cpu": "true",
        "kubernetes.io/arch": "amd64",
      },
    },
    spec: {},
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      nodeInfo: { kubeletVersion: "v1.36.3" },
    },
    ...more,
  });
  const settled = (podSubnet = "10.244.0.0/16") => ({
    ...{ apiVersion: "v1", kind: "ConfigMap" },
    metadata: { name: "kubeadm-config", namespace: "kube-system" },
    data: {
      ClusterConfiguration: `networking:\n  podSubnet: ${podSubnet}\n  serviceSubnet: 10.96.0.0/12\n  dnsDomain: cluster.local\n`,
    },
  });
  const flannel = {
    ...{ apiVersion: "apps/v1", kind: "DaemonSet" },
    metadata: { name: "kube-flannel-ds", namespace: "kube-flannel", labels: { app: "flannel" } },
  };
  const planeTaint = {
    taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
  };
  const healthyPlane = node("lab-master", "control-plane", { spec: planeTaint });
  const look = (...objects: Parameters<typeof createFakeKube>[0] & object) =>
    clusterDifferences(spec, [plane!, worker!], () => Promise.resolve(createFakeKube(objects)));

  test("is nothing for a healthy cluster; labels of others are theirs", async () => {
    expect(await look(healthyPlane, node("lab-node-1", "workers"), settled(), flannel)).toEqual([]);
  });

  test("is each label, taint and state that is another", async () => {
    const sick = node("lab-node-1", "other", {
      status: {
        conditions: [{ type: "Ready", status: "Unknown" }],
        nodeInfo: { kubeletVersion: "v1.36.1" },
      },
    });
    const schedulable = node("lab-master", "control-plane");
    const found = await look(schedulable, sick, settled(), flannel);
    expect(found).toEqual([
      {
        object: "node/lab-master",
        change: "update",
        fields: [
          { field: "taints.node-role.kubernetes.io/control-plane:NoSchedule", after: "set" },
        ],
      },
      {
        object: "node/lab-node-1",
        change: "update",
        fields: [
          { field: "labels.clouder.datalayer.io/pool", before: "other", after: "workers" },
          { field: "ready", before: "Unknown", after: "True" },
          { field: "kubelet", before: "v1.36.1", after: "v1.36.3" },
        ],
      },
    ]);
  });

  test("is a missing node, a missing pod network and networks of another cluster", async () => {
    const found = await look(healthyPlane, settled("10.50.0.0/16"));
    expect(found).toMatchObject([
      {
        object: "cluster/lab",
        change: "refused",
        fields: [{ field: "spec.network.podCIDR", before: "10.50.0.0/16", after: "10.244.0.0/16" }],
        cure: expect.stringMatching(/another cluster/) as string,
      },
      { object: "daemonset/kube-flannel", change: "create" },
      { object: "node/lab-node-1", change: "create" },
    ]);
  });

  test("is that it says nothing", async () => {
    const silent = () => Promise.reject(new ClouderError("unreachable", "no answer"));
    expect(await clusterDifferences(spec, [plane!], silent)).toEqual([
      {
        object: "cluster/lab",
        change: "update",
        fields: [{ field: "api", before: "no answer", after: "answers" }],
      },
    ]);
  });
});

describe("what a cluster cannot become in place", () => {
  const differs = (change: Partial<typeof spec>) =>
    lastingDifferences(spec, { ...spec, ...change }, localProvider);

  test("every refused field has a cure", () => {
    const network = { ...spec.network, podCIDR: "10.50.0.0/16", dnsDomain: "other.local" };
    const provider = { name: "local", settings: { subnet: "10.70.0.0/24" } };
    const found = differs({ network, provider });
    expect(found.map(({ fields }) => fields.map(({ field }) => field))).toEqual([
      ["spec.network.podCIDR", "spec.network.dnsDomain"],
      ["spec.provider.settings"],
    ]);
    for (const { change, cure } of found) {
      expect(change).toBe("refused");
      expect(cure).toContain("cluster delete lab");
    }
  });

  test("fewer machines are refused one by one, more are not", () => {
    const [pool] = spec.pools;
    expect(differs({ pools: [{ ...pool!, count: 0 }] })).toMatchObject([
      { object: "machine/lab-node-1", cure: expect.stringContaining("node remove lab") as string },
    ]);
    expect(differs({ pools: [{ ...pool!, count: 3 }] })).toEqual([]);
  });
});
