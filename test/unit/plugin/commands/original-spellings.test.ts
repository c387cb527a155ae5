import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clusterFolder, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { setContext, type AccountSources } from "#bootstrap/contexts/contexts";
import { loadSpec } from "#bootstrap/spec/load";
import type { CommandContext, CommandDefinition } from "#plugin/cli/command";
import clusterCreate from "#plugin/commands/cluster/create";
import k8sCreate from "#plugin/commands/k8s/create";
import k8sDelete from "#plugin/commands/k8s/delete";
import k8sKubeconfig from "#plugin/commands/k8s/kubeconfig";
import k8sLs from "#plugin/commands/k8s/ls";
import k8sUse from "#plugin/commands/k8s/use";
import kubeadmCreate from "#plugin/commands/kubeadm/create";
import getConfig from "#plugin/commands/kubeadm/get-config";
import kubeadmLs from "#plugin/commands/kubeadm/ls";
import setDefault from "#plugin/commands/kubeadm/set-default";
import setup from "#plugin/commands/kubeadm/setup";
import terminate from "#plugin/commands/kubeadm/terminate";
import kubeadmUse from "#plugin/commands/kubeadm/use";
import vmCreate from "#plugin/commands/kubeadm/vm-create";
import { emptyBundle } from "#test/fixtures/bundle";
import { runCommand } from "./run.ts";

/** The original's spellings are the product's own commands under other names. */

let home: string;
let bundle: string;
const run = (one: CommandDefinition, argv: readonly string[], over: Partial<CommandContext> = {}) =>
  runCommand("original", one, argv, { environment: { HOME: home }, ...over });

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-original-"));
  bundle = join(home, "bundle");
  await mkdir(bundle);
  const programs = ["kubelet", "kubeadm", "kubectl", "containerd", "ctr"];
  const files = programs.map((name) => ({
    ...{ kind: "binary", path: name, destination: `/usr/local/bin/${name}`, bytes: 1 },
    sha256: "0".repeat(64),
  }));
  await writeFile(join(bundle, "bundle.json"), JSON.stringify({ ...emptyBundle, files }));
});
afterEach(() => rm(home, { recursive: true }));

const kubeconfig = `
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: "https://127.0.0.1:1", certificate-authority-data: Q0E=}}]
users: [{name: dev, user: {client-key-data: aw==}}]
contexts: [{name: dev, context: {cluster: dev, user: dev}}]
`;

/** A cluster of the user's own machines, as a create that ended well records it. */
async function recorded(name = "dev"): Promise<string> {
  const flags = { name, provider: "ssh", hosts: ["ops@127.0.0.1:1", "ops@127.0.0.2:1"], bundle };
  const spec = loadSpec({ flags, defaults: { kubernetesVersion: "v1.36.3" } });
  const folder = clusterFolder(home, name);
  await writeRecord(folder, recordOf(spec, { uid: "u", created_at: "2026-01-01T00:00:00Z" }, true));
  await writeFile(join(folder, "kubeconfig"), kubeconfig, { mode: 0o600 });
  return folder;
}

const lines = async (one: CommandDefinition, argv: readonly string[]) =>
  (await run(one, [...argv, "--bundle", bundle, "--dry-run"])).stdout;
const hosts = ["--host", "ops@10.0.0.4", "--host", "ops@10.0.0.5"];

describe("H1 k8s create", () => {
  it("H1 takes every flag of the original and plans what cluster create plans", async () => {
    const argv = ["dev", "--worker-count", "1", "--kubernetes-version", "v1.36.3", ...hosts];
    const own = await lines(clusterCreate, argv);
    expect(await lines(k8sCreate, [...argv, "--cni", "flannel", "--enable-criu"])).toBe(own);
    const short = ["dev", "-w", "1", "--k8s-version", "1.36.3", ...hosts];
    expect(await lines(kubeadmCreate, short)).toBe(own);
  });

  const answering = (...answers: readonly string[]) => {
    const [asked, left] = [[] as string[], [...answers]];
    const ask = (question: string) => {
      asked.push(question);
      return Promise.resolve(left.shift() ?? "");
    };
    return { asked, ask };
  };
  const bare = (one: CommandDefinition, over: Partial<CommandContext>, ...more: string[]) =>
    run(one, ["dev", "--bundle", bundle, "--dry-run", ...more], over);

  it.each([["k8s create", k8sCreate] as const, ["kubeadm vm-create", vmCreate] as const])(
    "H1 B1 %s NAME asks on a terminal what no flag says",
    async (_name, command) => {
      const { asked, ask } = answering("aws", "us-east-1", "m5.large", "", "2", "");
      const { stdout } = await bare(command, { ask });
      expect(asked).toHaveLength(6);
      expect(stdout).toContain("m5.large");
      expect(stdout).toContain("dev-node-2");
      expect(stdout).not.toContain("dev-node-3");
    },
  );

  it("H1 asks for hosts where machines are the user's own, and takes empty answers as usual", async () => {
    const own = answering("ssh", "ops@10.0.0.4 ops@10.0.0.5");
    const { stdout } = await bare(k8sCreate, { ask: own.ask }, "--workers", "1");
    expect(stdout).toContain("dev-node-1: ops@10.0.0.5:22");
    const usual = answering();
    const local = await bare(k8sCreate, { ask: usual.ask });
    expect(usual.asked[0]).toContain("[local]");
    expect(local.stdout).toContain("dev-node-3");
  });

  it("H1 asks nothing where a flag says it, the cluster is there, or nobody can answer", async () => {
    const { asked, ask } = answering();
    await bare(k8sCreate, { ask }, "--provider", "local");
    await bare(k8sCreate, { ask }, "--yes");
    await recorded();
    await bare(k8sCreate, { ask }).catch(() => undefined);
    expect(asked).toEqual([]);
    await rm(clusterFolder(home, "dev"), { recursive: true });
    expect((await bare(k8sCreate, {})).stdout).toContain("dev-node-3");
    await expect(bare(k8sCreate, answering("moon"))).rejects.toMatchObject({
      ...{ code: "usage", message: '"moon" gives no machines' },
    });
    await expect(bare(k8sCreate, answering("local", "many"))).rejects.toMatchObject({
      code: "usage",
    });
  });

  it("H1 refuses a pod network that there is not", async () => {
    await expect(lines(k8sCreate, ["dev", "--cni", "cilium"])).rejects.toMatchObject({
      code: "usage",
    });
  });

  it("B1 makes one control plane and three workers where nothing else is said", async () => {
    const text = await lines(k8sCreate, ["dev", "--cloud", "local"]);
    expect(text).toContain("dev-node-3");
    expect(text).not.toContain("dev-node-4");
    expect(text).toContain("dev-master");
  });
});

it("B1 kubeadm vm-create makes the machines and nothing else", async () => {
  const text = await lines(vmCreate, ["dev", "-w", "1", ...hosts]);
  expect(text).toContain("dev-node-1: ops@10.0.0.5:22");
  expect(text).not.toMatch(/kubeadm init|containerd|connect/);
});

describe("E1 kubeadm setup", () => {
  it("E1 goes on with the recorded machines, whose flags need not be said again", async () => {
    await recorded();
    const { stdout } = await run(setup, ["dev", "--dry-run"]);
    expect(stdout).toContain("dev-node-1: ops@127.0.0.2:1");
    expect(stdout).toContain("kubeadm init");
    expect(stdout).toContain("kubeadm join");
  });

  it("E1 L2 takes labels, by commas or the flag again, beside the original's", async () => {
    await recorded();
    const labels = ["--node-label", "disk=fast,zone=a", "--node-label", "team=x"];
    const { stdout } = await run(setup, ["dev", "--dry-run", ...labels]);
    expect(stdout).toContain("role.datalayer.io/runtime=true");
    expect(stdout).toContain("node.datalayer.io/variant=medium");
    expect(stdout).toContain("xpu.datalayer.io/cpu=true");
    expect(stdout).toContain("disk=fast zone=a team=x");
    await expect(run(setup, ["dev", "--dry-run", "--node-label", "x"])).rejects.toMatchObject({
      code: "usage",
    });
  });

  it("E1 without machines says what is missing", async () => {
    await expect(run(setup, ["dev"])).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("G1 G2 kubeconfig", () => {
  it("G1 kubeadm get-config prints the export, k8s kubeconfig the same", async () => {
    const folder = await recorded();
    const wanted = `export KUBECONFIG=${join(folder, "kubeconfig")}\n`;
    expect((await run(getConfig, ["dev"])).stdout).toBe(wanted);
    expect((await run(k8sKubeconfig, ["dev"])).stdout).toBe(wanted);
    expect((await run(kubeadmUse, ["dev", "--print-export"])).stdout).toBe(wanted);
  });

  it.each([["k8s use", k8sUse] as const, ["kubeadm use", kubeadmUse] as const])(
    "G2 %s switches the user's current context, privately",
    async (_name, command) => {
      await recorded();
      await run(command, ["dev"]);
      const path = join(home, ".kube", "config");
      expect(await readFile(path, "utf8")).toContain("current-context: dev");
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    },
  );

  it("G2 kubeadm set-default chooses what kubeadm use means without a name", async () => {
    await recorded();
    await expect(run(kubeadmUse, [])).rejects.toMatchObject({ code: "usage" });
    await run(setDefault, ["dev"]);
    const { stdout } = await run(kubeadmUse, []);
    expect(stdout).toContain("is dev");
    const file = await readFile(join(home, ".clouder", "clouder.yaml"), "utf8");
    expect(file).toContain("default_kubeadm_cluster: dev");
  });
});

it("H2 k8s ls and kubeadm ls tell the live state, not the record's", async () => {
  await recorded();
  for (const command of [k8sLs, kubeadmLs]) {
    const { stdout } = await run(command, ["-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject([{ name: "dev", provider: "ssh", state: "stopped" }]);
  }
});

it("H2 kubeadm ls --details tells region, group, setup, nodes and what is ready", async () => {
  await recorded();
  const { stdout } = await run(kubeadmLs, ["--details", "-o", "json"]);
  expect(JSON.parse(stdout)).toMatchObject([
    {
      ...{ name: "dev", setup: "complete", nodes: { ready: 0, all: 0 }, region: "", group: "" },
      ...{ storageReady: false, loadBalancerReady: false, publicHostname: "127.0.0.1" },
    },
  ]);
  const table = (await run(k8sLs, ["--details"])).stdout;
  for (const title of ["REGION", "GROUP", "SETUP", "NODES", "STORAGE", "CHECKPOINTS"]) {
    expect(table).toContain(title);
  }
  expect((await run(k8sLs, [])).stdout).not.toContain("SETUP");
});

it("B7 H2 clusters of the original program are listed and used, and nothing is changed by us", async () => {
  const folder = join(home, ".clouder", "clusters");
  await mkdir(folder, { recursive: true });
  const machine = (ip: string) => ({ ip, private_ip: "10.0.0.4" });
  const old = { cloud: "azure", region: "eastus", k8s_version: "1.32", setup_complete: true };
  const content = { ...old, master: machine("127.0.0.1"), workers: [machine("127.0.0.2")] };
  await writeFile(join(folder, "old.json"), JSON.stringify(content));
  const { stdout } = await run(k8sLs, ["-o", "json"]);
  expect(JSON.parse(stdout)).toMatchObject([{ name: "old", kubernetesVersion: "v1.32" }]);
  await mkdir(clusterFolder(home, "old"), { recursive: true });
  await writeFile(join(clusterFolder(home, "old"), "kubeconfig"), kubeconfig);
  expect((await run(getConfig, ["old"])).stdout).toContain("kubeadm/old/kubeconfig");
  for (const [command, argv] of [
    [setup, ["old"]],
    [terminate, ["old", "--yes"]],
    [clusterCreate, ["old", "--bundle", bundle, ...hosts]],
  ] as const) {
    await expect(run(command, argv)).rejects.toMatchObject({
      message: expect.stringContaining("original program") as string,
    });
  }
});

it("H6 kubeadm terminate --delete-rg is about Azure's resource groups and nothing else", async () => {
  const folder = await recorded();
  await expect(run(terminate, ["dev", "--force", "--delete-rg", "--yes"])).rejects.toMatchObject({
    code: "usage",
    hint: "leave --delete-rg out",
  });
  expect(await readdir(folder)).toContain("kubeadm.json");
});

it("H6 what cannot be undone is confirmed by the cluster's name", async () => {
  await recorded();
  const words: (string | undefined)[] = [];
  const confirm = (_question: string, word?: string) => {
    words.push(word);
    return Promise.resolve(false);
  };
  await expect(run(terminate, ["dev"], { confirm })).rejects.toMatchObject({ code: "cancelled" });
  expect(words).toEqual(["dev"]);
});

it.each([["k8s delete", k8sDelete] as const, ["kubeadm terminate", terminate] as const])(
  "H6 %s asks first, and the record stays until all is gone",
  async (_name, command) => {
    const folder = await recorded();
    const no = { confirm: () => Promise.resolve(false) };
    await expect(run(command, ["dev"], no)).rejects.toMatchObject({ code: "cancelled" });
    expect(await readdir(folder)).toContain("kubeadm.json");
    await expect(run(command, ["dev", "--yes"])).rejects.toMatchObject({ code: "unreachable" });
    expect(await readdir(folder)).toContain("kubeadm.json");
  },
);

describe("B7 the record", () => {
  it("B7 holds the original's fields, private", async () => {
    const settings = { region: "eastus", resourceGroup: "dev-rg", workerSize: "Standard_D4s_v5" };
    const flags = { name: "dev", provider: "azure", settings, workers: 2, bundle };
    const spec = loadSpec({ flags, defaults: { kubernetesVersion: "v1.36.3" } });
    const folder = clusterFolder(home, "dev");
    await writeRecord(folder, recordOf(spec, { uid: "u", created_at: "now" }, false));
    const path = join(folder, "kubeadm.json");
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({
      ...{ version: 1, cloud: "azure", region: "eastus", resource_group: "dev-rg" },
      ...{ node_size: "Standard_D4s_v5", master: "dev-master", k8s_version: "v1.36.3" },
      ...{ workers: ["dev-node-1", "dev-node-2"], setup_complete: false },
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });
});

it("A2 a new cluster is of the current context's cloud, one that is there of its own", async () => {
  const id = "11111111-2222-3333-4444-555555555555";
  const nobody = () => Promise.reject(new Error("nobody"));
  const azure = () => Promise.resolve([{ id, name: "research" }]);
  const sources: AccountSources = { azure, aws: nobody };
  await setContext(home, "azure", id, sources);
  const text = await lines(k8sCreate, ["fresh", "-r", "eastus"]);
  expect(text).toMatch(/azure provider/);
  await recorded();
  await expect(lines(k8sCreate, ["dev"])).rejects.toMatchObject({
    message: expect.stringContaining("hosts are given") as string,
  });
});
