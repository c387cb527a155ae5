import { mkdtemp, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostState } from "#test/e2e/host-state";
import { ensureBundle, ensureOlderBundle } from "#test/lab/bundle";
import { attachLabCluster, labFolder, removeHome, type LabCluster } from "#test/lab/lab-cluster";
import { testImages, versions } from "#test/lab/versions";

/** Three control planes and two workers: five machines are all that this host's limits let run. */

const name = "ha";
const planes = ["ha-master", "ha-master-2", "ha-master-3"];
const drain = ["--timeout", "60s", "--yes"];
let home: string;
let before: string;
let older: string;
let cluster: LabCluster;

beforeAll(async () => {
  const say = (line: string) => process.stdout.write(`ha: ${line}\n`);
  const bundle = await ensureBundle(say);
  older = await ensureOlderBundle(say);
  before = await hostState();
  home = await mkdtemp(join(labFolder(), "clouder-home-"));
  const kubeconfig = join(home, ".clouder", "kubeadm", name, "kubeconfig");
  cluster = attachLabCluster({
    ...{ name, home, bundle, kubeconfig, nodes: ["ha-master", "ha-node-1"], gateway: "" },
    s3: { endpoint: "", folder: "" },
  });
}, 2_400_000);
afterAll(() => removeHome(home), 300_000);

const create = (bundle: string) => [
  ...["cluster", "create", name, "--provider", "local", "--control-planes", "3"],
  ...["--workers", "2", "--bundle", bundle, "--yes"],
];
const minutes = (count: number) => ({ timeout: count * 60_000 });
const clouder = (args: readonly string[]) => cluster.clouder(args, { timeoutMs: 1_150_000 });
const kubectl = async (...args: readonly string[]) => (await cluster.kubectl(args)).stdout.trim();
const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const readyNodes = async () =>
  lines(await kubectl("get", "nodes", "--no-headers"))
    .map((line) => line.split(/\s+/))
    .flatMap(([node = "", status]) => (status === "Ready" ? [node] : []));

async function eventually(what: string, probe: () => Promise<boolean>): Promise<number> {
  const started = Date.now();
  for (;;) {
    if (await probe().catch(() => false)) return Date.now() - started;
    if (Date.now() - started > 120_000) throw new Error(`${what}: not within two minutes`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

describe("a control plane of three (E6)", () => {
  it("comes up behind one address, with a member of etcd each", minutes(10), async () => {
    await clouder(create(older));
    expect(await readyNodes()).toEqual([...planes, "ha-node-1", "ha-node-2"]);
    expect(await readFile(cluster.kubeconfig, "utf8")).toMatch(/server: https:\/\/\S+\.10:8443/);
    await eventually("three members of etcd", async () => {
      const label = ["-l", "component=etcd", "-o", "name"];
      return lines(await kubectl("-n", "kube-system", "get", "pods", ...label)).length === 3;
    });
  });

  it("keeps neither tokens nor the uploaded certificates", async () => {
    const secrets = await kubectl("-n", "kube-system", "get", "secrets", "-o", "name");
    expect(secrets).not.toMatch(/bootstrap-token|kubeadm-certs/);
  });

  it("refuses an even number", async () => {
    const wrong = create(older).map((word) => (word === "3" ? "2" : word));
    const { status, stderr } = await cluster.clouder(wrong, { allowFailure: true });
    expect(status).toBe(2);
    expect(stderr).toContain("--control-planes");
  });

  it("answers on while the one that holds the address is off", minutes(5), async () => {
    // The connection may end before the answer.
    await cluster.onNode("ha-master", ["systemctl", "poweroff"]).catch(() => undefined);
    const probe = async () => (await kubectl("get", "--raw", "/readyz")) === "ok";
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await eventually("an answer", probe)).toBeLessThan(60_000);
    await eventually(
      "its node is not ready",
      async () => !(await readyNodes()).includes("ha-master"),
    );
  });

  it("gives up a lost one only when told, and its member of etcd with it", minutes(5), async () => {
    const refused = await cluster.clouder(["node", "remove", name, "ha-master", "--yes"], {
      allowFailure: true,
    });
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("--force");
    await clouder(["node", "remove", name, "ha-master", "--yes", "--force"]);
    expect(await readyNodes()).toEqual(["ha-master-2", "ha-master-3", "ha-node-1", "ha-node-2"]);
  });

  it("takes a new machine in its place: create converges", minutes(8), async () => {
    await clouder(create(older));
    expect((await readyNodes()).slice(0, 3)).toEqual(planes);
  });
});

describe("what a cluster holds", () => {
  it("is saved, and brought back on all members at once", minutes(6), async () => {
    const file = join(home, "snapshot.db");
    await kubectl("create", "configmap", "early", "--from-literal=a=b");
    await clouder(["etcd", "snapshot", name, file]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await kubectl("create", "configmap", "late", "--from-literal=a=b");
    await clouder(["etcd", "restore", name, file, "--yes"]);
    const maps = await kubectl("get", "configmaps", "-o", "name");
    expect(maps).toContain("configmap/early");
    expect(maps).not.toContain("configmap/late");
    await eventually("all are ready", async () => (await readyNodes()).length === 5);
  });

  it("is served with renewed certificates, and the kubeconfig follows", minutes(5), async () => {
    const kubeconfig = await readFile(cluster.kubeconfig, "utf8");
    const { stdout } = await clouder(["cluster", "certificates", name, "--renew", "-o", "json"]);
    const views = JSON.parse(stdout) as readonly { node: string; name: string; daysLeft: number }[];
    const servers = views.filter((one) => one.name === "apiserver");
    expect(servers.map(({ node }) => node)).toEqual(planes);
    expect(servers.every(({ daysLeft }) => daysLeft > 360)).toBe(true);
    expect(await readFile(cluster.kubeconfig, "utf8")).not.toBe(kubeconfig);
    expect(await readyNodes()).toHaveLength(5);
  });
});

const web = [
  {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          terminationGracePeriodSeconds: 1,
          topologySpreadConstraints: [
            {
              ...{ maxSkew: 1, topologyKey: "kubernetes.io/hostname" },
              ...{ whenUnsatisfiable: "DoNotSchedule" },
              labelSelector: { matchLabels: { app: "web" } },
            },
          ],
          containers: [
            { name: "web", image: testImages.busybox, command: ["sh", "-c", "sleep 100000"] },
          ],
        },
      },
    },
  },
  {
    ...{ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "web" } },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } },
  },
];

it("goes to the next version, control planes first, its pods kept (H7)", minutes(20), async () => {
  await cluster.apply(...web);
  await kubectl("rollout", "status", "deployment/web", "--timeout=90s");
  const args = ["cluster", "upgrade", name, "--bundle", cluster.bundle, ...drain, "-o", "json"];
  const { stdout } = await clouder(args);
  const done = JSON.parse(stdout) as {
    readonly nodes: readonly string[];
    readonly snapshot: { readonly file: string };
  };
  expect(done.nodes).toEqual([...planes, "ha-node-1", "ha-node-2"]);
  expect((await stat(done.snapshot.file)).mode & 0o777).toBe(0o600);
  const log = join(home, ".clouder", "kubeadm", name, "logs", "ha-node-2.log");
  expect(await readFile(log, "utf8")).toMatch(/ kubeadm "\$@".* upgrade node -> status 0, /);
  const { stdout: listed } = await clouder(["node", "list", name, "-o", "json"]);
  for (const node of JSON.parse(listed) as readonly { state: string; version: string }[]) {
    expect(node).toMatchObject({ state: "ready", version: `v${versions.kubernetes}` });
  }
  expect(await kubectl("get", "--raw", "/version")).toContain(`"v${versions.kubernetes}"`);
  await kubectl("rollout", "status", "deployment/web", "--timeout=90s");
  const again = await clouder(args);
  expect(JSON.parse(again.stdout)).toMatchObject({ nodes: [] });
});

describe("pools", () => {
  const update = ["nodepool", "update", name, "workers", "--desired", "1"];
  const want = async (minAvailable: number) => {
    const patch = JSON.stringify({ spec: { minAvailable } });
    await kubectl("patch", "poddisruptionbudget", "web", "--type=merge", "-p", patch);
  };

  it("a disruption budget keeps a node, and is named (H4)", minutes(4), async () => {
    await want(2);
    await eventually("the budget counts", async () => {
      const allowed = await kubectl(
        ...["get", "poddisruptionbudget", "web", "-o", "jsonpath={.status.disruptionsAllowed}"],
      );
      return allowed === "0";
    });
    const { status, stderr } = await cluster.clouder([...update, "--timeout", "8s"], {
      allowFailure: true,
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/disruption budget web needs 2/);
    expect(await readyNodes().then((nodes) => nodes.length)).toBeGreaterThanOrEqual(4);
    await kubectl("get", "node", "ha-node-2");
  });

  it("shrink once the budget allows it (H4)", minutes(5), async () => {
    await want(1);
    await clouder([...update, "--timeout", "60s"]);
    expect(await readyNodes()).toEqual([...planes, "ha-node-1"]);
  });

  it("come with labels and taints of their own, and go again (H3)", minutes(8), async () => {
    const bounds = ["--min", "0", "--desired", "1", "--max", "2"];
    const kind = ["--roles", "jupyter", "--xpu", "gpu-cuda"];
    await clouder(["nodepool", "create", name, "gpu-workers", ...bounds, ...kind]);
    const node = JSON.parse(await kubectl("get", "node", "ha-node-2", "-o", "json")) as {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: { readonly taints?: readonly { readonly key: string }[] };
    };
    expect(node.metadata.labels).toMatchObject({
      "clouder.datalayer.io/pool": "gpu-workers",
      "role.datalayer.io/jupyter": "true",
      "xpu.datalayer.io/gpu-cuda": "true",
    });
    expect(node.spec.taints?.map(({ key }) => key)).toContain("nvidia.com/gpu");
    const wish = ["nodepool", "update", name, "gpu-workers", "--desired", "3"];
    const { stderr } = await cluster.clouder(wish, { allowFailure: true });
    expect(stderr).toMatch(/max 2/);
    await clouder(["node", "check", name, "ha-node-2"]);
    await clouder(["nodepool", "delete", name, "gpu-workers", ...drain]);
    expect(await readyNodes()).toEqual([...planes, "ha-node-1"]);
  });
});

it("delete leaves nothing on the host", minutes(4), async () => {
  await clouder(["cluster", "delete", name, "--yes"]);
  expect(await hostState()).toBe(before);
});
