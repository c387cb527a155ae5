import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lab } from "#test/e2e/scenario";

/** A machine outside of the cluster, before the real API server and the controller. */

const cluster = lab();
let folder: string;
const kubeconfig = (name: string) => join(folder, `${name}.kubeconfig`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-endpoint-"));
});
afterAll(async () => {
  await cluster.kubectl(["delete", "ctrep", "lab", "fenced", "--ignore-not-found"]);
  await rm(folder, { recursive: true });
});

const register = (name: string, ...more: readonly string[]) =>
  cluster.clouder([
    ...["endpoint", "register", name, "--url", "https://203.0.113.7:8443", "--heartbeat", "5s"],
    ...["--out", kubeconfig(name), ...more],
  ]);
const beat = (name: string, ...more: readonly string[]) =>
  cluster.clouder([
    ...["endpoint", "heartbeat", name, "--kubeconfig", kubeconfig(name), "--once", ...more],
  ]);
const listed = async () =>
  (await cluster.clouder(["endpoint", "list", "--class", "notebook", "-o", "name"])).stdout;

async function reason(name: string, wanted: string): Promise<void> {
  const path = '{.status.conditions[?(@.type=="Ready")].reason}';
  const told = async () =>
    (await cluster.kubectl(["get", "ctrep", name, "-o", `jsonpath=${path}`])).stdout;
  await expect.poll(told, { timeout: 40_000, interval: 300 }).toBe(wanted);
}

it("O1: an endpoint is ready once it is heard", async () => {
  await register("lab", "--class", "notebook");
  await reason("lab", "NeverHeard");
  await beat("lab", "--gpus", "1", "--type", "podman");
  await reason("lab", "Heard");
  expect(await listed()).toContain("/lab");
});

it("O1: outside of its networks it is not ready, whatever it says", async () => {
  await register("fenced", "--class", "batch", "--allow-cidr", "198.51.100.0/24");
  await beat("fenced");
  await reason("fenced", "OutsideNetwork");
  await register("fenced", "--class", "batch", "--allow-cidr", "203.0.113.0/24");
  await beat("fenced");
  await reason("fenced", "Heard");
});

it("O1: its token renews its own Lease, and can neither call itself ready nor read anything else", async () => {
  const asEndpoint = async (...args: readonly string[]) => {
    const all = ["--kubeconfig", kubeconfig("lab"), ...args];
    const { stdout, stderr } = await cluster.kubectl(all, { allowFailure: true });
    return stdout + stderr;
  };
  const patch = ["--subresource=status", "--type=merge", "-p", '{"status":{"availableFor":["x"]}}'];
  expect(await asEndpoint("patch", "ctrep", "lab", ...patch)).toMatch(/forbidden/);
  expect(await asEndpoint("get", "ctrep")).toMatch(/forbidden/);
  expect(await asEndpoint("get", "secrets")).toMatch(/forbidden/);
  expect(await asEndpoint("get", "pods", "-A")).toMatch(/forbidden/);
  expect(await asEndpoint("get", "lease", "endpoint-lab", "-o", "name")).toContain("endpoint-lab");
});

it("O1: an endpoint that is heard no more is silent, and back with its next heartbeat", async () => {
  await reason("lab", "Silent");
  expect(await listed()).toBe("");
  await beat("lab", "--trouble", "disk is full");
  await reason("lab", "Unhealthy");
  await beat("lab");
  await reason("lab", "Heard");
});

it("O1: with the endpoint its identity goes, and its token ends", async () => {
  await cluster.clouder(["endpoint", "delete", "lab", "--yes"]);
  const accounts = async () =>
    (await cluster.kubectl(["get", "serviceaccounts", "-o", "name"])).stdout;
  await expect.poll(accounts, { timeout: 60_000, interval: 1000 }).not.toContain("endpoint-lab");
  await expect(beat("lab")).rejects.toThrow();
});

it("O1: the API server judges an endpoint's form", async () => {
  const create = async (spec: object) => {
    const object = {
      ...{ apiVersion: "clouder.datalayer.io/v1alpha1", kind: "ContainerEndpoint" },
      ...{ metadata: { name: "form" }, spec },
    };
    const { stdout, stderr } = await cluster.kubectl(["apply", "--dry-run=server", "-f", "-"], {
      ...{ stdin: JSON.stringify(object), allowFailure: true },
    });
    return stdout + stderr;
  };
  const good = { url: "https://a.example", workloadClasses: ["notebook"], heartbeatSeconds: 30 };
  expect(await create(good)).toMatch(/created/);
  expect(await create({ ...good, url: "http://a.example" })).toMatch(/spec\.url/);
  expect(await create({ ...good, url: "https://me:secret@a.example" })).toMatch(/spec\.url/);
  expect(await create({ ...good, workloadClasses: [] })).toMatch(/workloadClasses/);
  expect(await create({ ...good, heartbeatSeconds: 1 })).toMatch(/heartbeatSeconds/);
});
