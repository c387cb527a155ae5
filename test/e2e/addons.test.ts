import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, lab } from "#test/e2e/scenario";
import { ensureAddons, type Addons } from "#test/lab/addons";
import type { ProgramOptions, ProgramResult } from "#test/lab/run-program";

/** Add-ons with a real Helm and their real charts, on the cluster that all tests share. */

const cluster = lab();
const { name } = cluster;
let addons: Addons;

/** Nobody answers for Traefik's registry, and that at once, whatever the host's network is like. */
const noRegistry = "127.0.0.1 registry-1.docker.io";

beforeAll(async () => {
  addons = await ensureAddons((line) => process.stdout.write(`${line}\n`));
  await onNodes(`echo '${noRegistry}' >> /etc/hosts`);
  // Its bundle has charts, and an image that this brings onto the nodes.
  await converge(addons.bundle);
}, 900_000);

afterAll(async () => {
  await onNodes(`sed -i '/^${noRegistry}$/d' /etc/hosts`);
  await clouder(["addon", "disable", name, "metrics-server", "--yes"]);
  await converge(cluster.bundle);
  // Helm never takes kinds away.
  const { stdout } = await cluster.kubectl(["get", "crd", "-o", "name"]);
  const foreign = stdout.split("\n").filter((one) => one.endsWith("traefik.io"));
  if (foreign.length > 0) await cluster.kubectl(["delete", "--wait=false", ...foreign]);
}, 300_000);

async function onNodes(script: string): Promise<void> {
  await Promise.all(cluster.nodes.map((node) => cluster.onNode(node, ["sh", "-c", script])));
}

/** The shared cluster as the tests' set-up asks for it, from a bundle. */
async function converge(bundle: string): Promise<void> {
  await clouder([...["cluster", "create"], ...sharedCluster(bundle), "--yes"]);
}
const sharedCluster = (bundle: string) => [
  ...[name, "--provider", "local", "--workers", "1", "--schedulable-control-plane"],
  ...["--bundle", bundle],
];

function clouder(args: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  const path = `${addons.helm}:${process.env["PATH"] ?? ""}`;
  const environment = { HOME: cluster.home, KUBECONFIG: cluster.kubeconfig, PATH: path };
  return cluster.clouder(args, { environment, ...options });
}
const pathWithoutHelm = () =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !existsSync(join(folder, "helm")))
    .join(delimiter);
const failing = (args: readonly string[]) => clouder(args, { allowFailure: true });

interface Listed {
  readonly name: string;
  readonly enabled: boolean;
  readonly state: string;
}

async function listed(addon: string): Promise<Listed | undefined> {
  const { stdout } = await clouder(["addon", "list", name, "-o", "json"]);
  return (JSON.parse(stdout) as readonly Listed[]).find((one) => one.name === addon);
}

async function planned(): Promise<readonly { readonly object: string; readonly change: string }[]> {
  const { stdout } = await failing([
    ...["cluster", "plan", ...sharedCluster(addons.bundle), "-o", "json"],
  ]);
  const { differences } = JSON.parse(stdout) as {
    readonly differences: readonly { readonly object: string; readonly change: string }[];
  };
  return differences.filter(({ object }) => object.startsWith("addon/"));
}

it("a wrong name gets the nearest add-on, and a machine without helm the way to one", async () => {
  const wrong = await failing(["addon", "enable", name, "metrics-servr"]);
  expect(wrong.status).toBe(1);
  expect(wrong.stderr).toMatch(/did you mean metrics-server\?/);
  const without = await cluster.clouder(["addon", "enable", name, "metrics-server"], {
    allowFailure: true,
    environment: { HOME: cluster.home, PATH: pathWithoutHelm() },
  });
  expect(without.stderr).toMatch(/helm is not among this machine's programs/);
  expect(without.stderr).toMatch(/install Helm 3\.14 or later/);
  expect(await listed("metrics-server")).toMatchObject({ enabled: false, state: "absent" });
});

it("row F10 of the contract: metrics-server tells what nodes and pods use, its kubelets verified", async () => {
  await clouder(["addon", "enable", name, "metrics-server"]);
  await eventually("figures of every node", async () => {
    const { stdout } = await cluster.kubectl(["top", "nodes", "--no-headers"]);
    const told = (node: string) =>
      new RegExp(`^${node}\\s+[1-9]\\d*m\\s+\\d+%\\s+[1-9]\\d*Mi`, "m");
    return cluster.nodes.every((node) => told(node).test(stdout)) ? true : undefined;
  });
  const service = await cluster.kubectl([
    ...["get", "apiservice", "v1beta1.metrics.k8s.io"],
    ...["-o", "jsonpath={.spec.insecureSkipTLSVerify},{.spec.caBundle}"],
  ]);
  expect(service.stdout).toMatch(/^(false)?,.{100}/);
  const pods = await cluster.kubectl([
    "-n",
    "kube-system",
    "get",
    "deploy/metrics-server",
    "-o",
    "yaml",
  ]);
  expect(pods.stdout).not.toContain("--kubelet-insecure-tls");
  expect(await listed("metrics-server")).toMatchObject({ enabled: true, state: "ready" });
});

it("a second time changes nothing, and a plan has nothing to do", async () => {
  const started = Date.now();
  const { stdout } = await clouder(["addon", "enable", name, "metrics-server"]);
  expect(stdout).toContain("nothing had to be changed");
  expect(Date.now() - started).toBeLessThan(10_000);
  expect(await planned()).toEqual([]);
});

it("a workload that somebody deleted is a difference, and comes back", async () => {
  await cluster.kubectl(["-n", "kube-system", "delete", "deployment", "metrics-server"]);
  expect(await planned()).toMatchObject([{ object: "addon/metrics-server", change: "update" }]);
  await converge(addons.bundle);
  expect(await listed("metrics-server")).toMatchObject({ state: "ready" });
});

/** A namespace that is being removed, as a failed enable leaves one; the function lets it go. */
async function goingNamespace(namespace: string): Promise<() => Promise<void>> {
  const held = { name: "held", namespace, finalizers: ["clouder.test/held"] };
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  await cluster.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: held });
  await cluster.kubectl(["delete", "namespace", namespace, "--wait=false"]);
  return async () => {
    const show = ["get", "namespace", namespace, "-o", "jsonpath={.status.phase}"];
    expect((await cluster.kubectl(show)).stdout).toBe("Terminating");
    const patch = ["--type=merge", "-p", '{"metadata":{"finalizers":null}}'];
    await cluster.kubectl(["patch", "configmap", "held", "-n", namespace, ...patch]);
  };
}

it("row F5 of the contract: Traefik waits for a namespace that goes, its objects are taken, its absent image is told, and nothing stays", async () => {
  const release = await goingNamespace("datalayer-traefik");
  const enabling = failing(["addon", "enable", name, "traefik"]);
  await sleep(3000);
  await release();
  const { status, stderr } = await enabling;
  expect(stderr).toContain("waiting until the namespace datalayer-traefik");
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /traefik did not become ready: pod traefik-\S+ on e2e-\S+: cannot pull docker\.io\/traefik:v3/,
  );
  expect(stderr).toMatch(/cluster load-image/);
  expect(await listed("traefik")).toMatchObject({ enabled: false, state: "absent" });
  // What the API server collects by itself goes a moment later.
  await eventually("that nothing is left", async () => {
    const left = await cluster.kubectl([
      ...["get", "all,secrets,ingressclasses,clusterroles", "-A", "-o", "name"],
      ...["-l", "app.kubernetes.io/instance=traefik-datalayer-traefik"],
    ]);
    const { stdout } = await cluster.kubectl(["get", "namespaces", "-o", "name"]);
    return left.stdout === "" && !stdout.includes("traefik") ? true : undefined;
  });
});

it("disable takes everything away", async () => {
  await clouder(["addon", "disable", name, "metrics-server", "--yes"]);
  expect(await listed("metrics-server")).toMatchObject({ enabled: false, state: "absent" });
  const gone = await cluster.kubectl(["get", "apiservice", "v1beta1.metrics.k8s.io"], {
    allowFailure: true,
  });
  expect(gone.stderr).toMatch(/not found/);
  const again = await clouder(["addon", "disable", name, "metrics-server", "--yes"]);
  expect(again.stdout).toContain("nothing had to be changed");
});
