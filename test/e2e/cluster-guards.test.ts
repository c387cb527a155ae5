import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oneNodeOnly } from "#bootstrap/addons/objects/storage-classes";
import { newThingsGuard } from "#bootstrap/clouds/release-things";
import { taints } from "#checkpoint/api/names";
import { ownNodeGuard } from "#checkpoint/install/own-node-guard";
import { eventually, lab } from "#test/e2e/scenario";

/** The policies of clouds' storage, of deletes and of agents, on the API server that evaluates them. */

const cluster = lab();
const namespace = "cluster-guards";
const [, node] = cluster.nodes;
const rbac = "rbac.authorization.k8s.io";
const agent = { kind: "ServiceAccount", name: "clouder-agent", namespace: "clouder-system" };

/** The guard of a delete, kept to the namespace of this test: others go on making claims. */
function boundedDelete(): readonly object[] {
  const { policy, binding } = newThingsGuard();
  const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": namespace } };
  const matchConstraints = { ...policy.spec.matchConstraints, namespaceSelector };
  return [{ ...policy, spec: { ...policy.spec, matchConstraints } }, binding];
}
const mayPatchNodes = [
  {
    ...{ apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name: namespace } },
    rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "patch"] }],
  },
  {
    ...{ apiVersion: `${rbac}/v1`, kind: "ClusterRoleBinding", metadata: { name: namespace } },
    ...{ roleRef: { apiGroup: rbac, kind: "ClusterRole", name: namespace }, subjects: [agent] },
  },
];
const disks = [...oneNodeOnly("gp3"), ...oneNodeOnly("managed-csi")];

beforeAll(async () => {
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  await cluster.apply(...disks, ...ownNodeGuard(), ...mayPatchNodes);
});
afterAll(async () => {
  const items = [...disks, ...boundedDelete(), ...ownNodeGuard(), ...mayPatchNodes];
  await cluster.kubectl(["delete", "--ignore-not-found", "--wait=false", "-f", "-"], {
    stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items }),
  });
  await cluster.kubectl(["delete", "namespace", namespace, "--wait=false"]);
});

/** What the API server says; nothing is stored. */
async function said(args: readonly string[], object?: object): Promise<string> {
  const { stdout, stderr } = await cluster.kubectl([...args, "--dry-run=server"], {
    ...(object && { stdin: JSON.stringify(object) }),
    allowFailure: true,
  });
  return stdout + stderr;
}
const create = (object: object) => said(["create", "-f", "-"], object);
const metadata = { name: "new", namespace };
const claim = (storageClassName: string | undefined, mode: string, more: object = {}) =>
  create({
    ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata },
    spec: {
      ...(storageClassName !== undefined && { storageClassName }),
      ...{ accessModes: [mode], resources: { requests: { storage: "1Gi" } }, ...more },
    },
  });
const service = (type?: string) =>
  create({
    ...{ apiVersion: "v1", kind: "Service", metadata },
    spec: { ...(type !== undefined && { type }), ports: [{ port: 80 }] },
  });
/** A policy is at work a moment after it was made. */
const refused = (what: RegExp, ask: () => Promise<string>) =>
  eventually("the refusal", async () => (what.test(await ask()) ? true : undefined), 20_000);

describe("N4: disks of one node", () => {
  it.each(["gp3", "managed-csi"])("claims of %s for many nodes are refused", async (name) => {
    const words = new RegExp(`volumes of the class ${name} are disks of one node`);
    await refused(words, () => claim(name, "ReadWriteMany"));
    expect(await claim(name, "ReadOnlyMany")).toMatch(words);
  });

  it("claims for one node, of raw blocks, of another class and of none are taken", async () => {
    expect(await claim("gp3", "ReadWriteOnce")).toMatch(/created/);
    expect(await claim("gp3", "ReadWriteOncePod")).toMatch(/created/);
    expect(await claim("managed-csi", "ReadWriteMany", { volumeMode: "Block" })).toMatch(/created/);
    expect(await claim("azure-nfs", "ReadWriteMany")).toMatch(/created/);
    expect(await claim(undefined, "ReadWriteMany")).toMatch(/created/);
  });
});

describe("H6: a cluster that is being deleted", () => {
  it("takes neither claims nor Services of load balancers, and every other Service", async () => {
    expect(await service("LoadBalancer")).toMatch(/created/);
    await cluster.apply(...boundedDelete());
    const goes = /this cluster is being deleted/;
    await refused(goes, () => service("LoadBalancer"));
    expect(await claim(undefined, "ReadWriteOnce")).toMatch(goes);
    expect(await service()).toMatch(/created/);
    expect(await service("NodePort")).toMatch(/created/);
    const other = { ...metadata, namespace: "default" };
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const elsewhere = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: other, spec };
    expect(await create(elsewhere)).toMatch(/created/);
  });
});

describe("an agent that watches spot notices", () => {
  const user = ["--as", `system:serviceaccount:${agent.namespace}:${agent.name}`];
  const patch = (patched: object, on = node, as = [...user, ...tokenOf(node)]) =>
    said(["patch", "node", on, "--type=merge", "-p", JSON.stringify(patched), ...as]);
  const tokenOf = (name: string) => [
    `--as-user-extra=authentication.kubernetes.io/node-name=${name}`,
  ];
  const ours = { key: taints.preemption, value: "interruption", effect: "NoSchedule" };
  /** Those that the node has, and these. */
  const and = async (...more: readonly object[]) => {
    const { stdout } = await cluster.kubectl(["get", "node", node, "-o", "json"]);
    const { spec } = JSON.parse(stdout) as { readonly spec: { readonly taints?: object[] } };
    return { spec: { taints: [...(spec.taints ?? []), ...more] } };
  };

  it("puts its taint on its own node, on no other, and only by a token that names its node", async () => {
    const own = /may change its own node only/;
    await refused(own, () => patch({ spec: { taints: [ours] } }, cluster.nodes[0]));
    expect(await patch(await and(ours), node, user)).toMatch(own);
    expect(await patch(await and(ours))).toMatch(/patched/);
  });

  it("puts no other taint there, changes no label and cordons nothing", async () => {
    const other = { key: "other", effect: "NoSchedule" };
    expect(await patch(await and(ours, other))).toMatch(/may change the taint/);
    expect(await patch({ metadata: { labels: { forged: "1" } } })).toMatch(/may not change its/);
    expect(await patch({ spec: { unschedulable: true } })).toMatch(/may not cordon/);
    expect(await patch({ metadata: { annotations: { told: "1" } } })).toMatch(/patched/);
  });

  it("is the only one whom this concerns", async () => {
    expect(await patch({ spec: { unschedulable: true } }, node, [])).toMatch(/patched/);
  });
});
