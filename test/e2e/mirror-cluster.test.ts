import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { hostState } from "#test/e2e/host-state";
import { lab } from "#test/e2e/scenario";
import { attachLabCluster } from "#test/lab/lab-cluster";
import { startMirror, type Mirror } from "#test/lab/mirror/mirror";
import { testImages } from "#test/lab/versions";

/** The online code path, from copies of the vendors' repositories and registries on this host. */

const cluster = lab();
const name = "mirror";
const kubeconfig = join(cluster.home, ".clouder", "kubeadm", name, "kubeconfig");
const made = attachLabCluster({ ...inject("lab"), name, kubeconfig });
const file = join(cluster.home, "mirror.json");
const nodes = [`${name}-master`, `${name}-node-1`];
let before: string;
let mirror: Mirror;

beforeAll(async () => {
  before = await hostState();
  const nowhere = "https://127.0.0.1:1";
  await describeCluster({ kubernetes: nowhere, containerd: nowhere, registry: "127.0.0.1:1" });
  await cluster.clouder(["cluster", "create", "-f", file, "--only-step", "machines", "--yes"]);
  const { stdout } = await cluster.clouder(["cluster", "show", name, "-o", "json"]);
  const { gateway } = JSON.parse(stdout) as { readonly gateway: string };
  mirror = await startMirror(gateway, cluster.bundle);
}, 600_000);
afterAll(async () => {
  await cluster.clouder(["cluster", "delete", name, "--yes"], { allowFailure: true });
  await mirror.stop();
});

function describeCluster(packages: object): Promise<void> {
  return writeFile(
    file,
    JSON.stringify({
      ...{ apiVersion: "bootstrap.clouder.datalayer.io/v1alpha1", kind: "Cluster" },
      metadata: { name },
      spec: {
        provider: {
          name: "local",
          settings: { root: join(cluster.bundle, "machine/root.tar.zst") },
        },
        controlPlane: { schedulable: true },
        packages: { kind: "mirror", ...packages },
      },
    }),
  );
}

function packages(change: object = {}): object {
  const key = mirror.fingerprint;
  return {
    kubernetes: `${mirror.packages}/kubernetes`,
    containerd: `${mirror.packages}/docker`,
    criu: `${mirror.packages}/criu`,
    registry: mirror.registry,
    ca: mirror.ca,
    fingerprints: { kubernetes: key, containerd: key, criu: key },
    containerdVersion: "2.4",
    ...change,
  };
}

async function refusal(change: object): Promise<string> {
  await describeCluster(packages(change));
  const { status, stderr } = await cluster.clouder(
    ["cluster", "create", "-f", file, "--yes", "-o", "json"],
    { allowFailure: true },
  );
  expect(status).toBe(1);
  const line = stderr.split("\n").find((one) => one.startsWith(`{"error"`)) ?? stderr;
  const { error } = JSON.parse(line) as { error: { code: string; message: string; hint: string } };
  return `${error.code}: ${error.message} (${error.hint})`;
}

const onNode = async (node: string, script: string) =>
  (await made.onNode(node, ["sh", "-c", script])).stdout;

it("a repository whose key is not the pinned one is refused", async () => {
  expect(await refusal({ fingerprints: {} })).toMatch(
    new RegExp(`^integrity: .*holds the key ${mirror.fingerprint}, not .*fingerprints`),
  );
});

it("lists that another key signed are refused", async () => {
  await mirror.sign("strange");
  expect(await refusal({})).toMatch(
    /^integrity: .*is not what the pinned key signed.*do not go on/,
  );
  await mirror.sign("own");
});

it("a certificate of an unknown authority is named, with the field that cures it", async () => {
  expect(await refusal({ ca: undefined })).toMatch(/^unauthenticated: .*certificate.*packages\.ca/);
});

it("a repository that is down is told as such", async () => {
  const kubernetes = `${mirror.packages.replace(/:\d+$/, ":1")}/kubernetes`;
  expect(await refusal({ kubernetes })).toMatch(/^unreachable: .*does not reach.*proxy/);
});

it("a version that the repository lacks is told with those that it has", async () => {
  expect(await refusal({ containerdVersion: "2.3" })).toMatch(
    /^not-found: .*have no containerd\.io 2\.3.*they have 2\.4\./,
  );
});

it("an image that the registry lacks is named", async () => {
  expect(await refusal({ registry: mirror.emptyRegistry })).toMatch(
    /^not-found: .*the registry has no image registry\.k8s\.io\/.*copy it into the mirror/,
  );
});

it(
  "a ready, proven cluster is made of packages and images alone",
  { timeout: 400_000 },
  async () => {
    await describeCluster(packages());
    const create = ["cluster", "create", "-f", file, "--packages", "mirror", "--yes", "-o", "json"];
    const { stdout } = await cluster.clouder(create, { timeoutMs: 380_000 });
    expect(JSON.parse(stdout)).toMatchObject({ changed: true, complete: true });
    const again = await cluster.clouder(create);
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: false, complete: true });
    const proven = "clouder.datalayer.io/checkpoint=proven";
    const { stdout: listed } = await made.kubectl(["get", "nodes", "-l", proven, "-o", "name"]);
    expect(listed.trim().split("\n").sort()).toEqual(nodes.map((node) => `node/${node}`));
    expect(mirror.fetched.some((path) => path.includes("/kubelet_"))).toBe(true);
  },
);

it("D2, D4, D6: containerd.io, CRIU and Kubernetes are packages, pinned and held, on every node", async () => {
  for (const node of nodes) {
    const held = (await onNode(node, "apt-mark showhold")).trim().split("\n");
    expect(held.sort()).toEqual(
      [
        ...["containerd.io", "cri-tools", "criu"],
        ...["kubeadm", "kubectl", "kubelet", "kubernetes-cni"],
      ].sort(),
    );
    expect(await onNode(node, "dpkg-query -W kubelet containerd.io")).toMatch(
      /containerd\.io\t2\.4\.\d+-1~debian\.13~trixie\nkubelet\t1\.\d+\.\d+-1\.1/,
    );
    expect(await onNode(node, "cat /etc/apt/sources.list.d/kubernetes.list")).toContain(
      "[signed-by=/etc/apt/keyrings/kubernetes-apt-keyring.gpg]",
    );
    expect(await onNode(node, "ls /usr/local/bin; criu check 2>&1")).toMatch(/Looks good/);
    expect(await onNode(node, "ls /usr/local/bin")).not.toMatch(/kubelet|containerd/);
  }
});

it("pods run from images that only the mirror has", async () => {
  const pod = ["run", "one", `--image=${testImages.busybox}`, "--restart=Never", "--"];
  await made.kubectl([...pod, "sh", "-c", "echo from the mirror"]);
  const done = "--for=jsonpath={.status.phase}=Succeeded";
  await made.kubectl(["wait", "pod/one", done, "--timeout=90s"]);
  const { stdout } = await made.kubectl(["logs", "one"]);
  expect(stdout.trim()).toBe("from the mirror");
});

it("delete leaves the host as it was", async () => {
  await cluster.clouder(["cluster", "delete", name, "--yes"]);
  expect(await hostState()).toBe(before);
});
