import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lab } from "#test/e2e/scenario";

/** A machine outside of the cluster, before the real API server and the controller. */

const cluster = lab();
let folder: string;
let kubeconfig: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-endpoint-"));
  kubeconfig = join(folder, "lab.kubeconfig");
});
afterAll(async () => {
  await cluster.kubectl(["delete", "ctrep", "lab", "--ignore-not-found"]);
  await rm(folder, { recursive: true });
});

const register = (...more: readonly string[]) =>
  cluster.clouder([
    ...["endpoint", "register", "lab", "--url", "https://203.0.113.7:8443", "--class", "notebook"],
    ...["--heartbeat", "5s", "--out", kubeconfig, ...more],
  ]);
const beat = (...more: readonly string[]) =>
  cluster.clouder([
    ...["endpoint", "heartbeat", "lab", "--kubeconfig", kubeconfig, "--once", ...more],
  ]);

async function reason(wanted: string): Promise<void> {
  const path = '{.status.conditions[?(@.type=="Ready")].reason}';
  await expect
    .poll(
      async () => (await cluster.kubectl(["get", "ctrep", "lab", "-o", `jsonpath=${path}`])).stdout,
      {
        timeout: 40_000,
        interval: 500,
      },
    )
    .toBe(wanted);
}

it("O1: an endpoint is ready while it is heard, silent later, and back with its next heartbeat", async () => {
  await register();
  await reason("NeverHeard");
  await beat("--gpus", "1", "--type", "podman");
  await reason("Heard");
  const listed = () => cluster.clouder(["endpoint", "list", "--class", "notebook", "-o", "name"]);
  expect((await listed()).stdout).toContain("/lab");
  await reason("Silent");
  expect((await listed()).stdout).toBe("");
  await beat("--trouble", "disk is full");
  await reason("Unhealthy");
  await beat();
  await reason("Heard");
});

it("O1: outside of its networks it is not ready, whatever it says", async () => {
  await register("--allow-cidr", "198.51.100.0/24");
  await beat();
  await reason("OutsideNetwork");
  await register("--allow-cidr", "203.0.113.0/24");
  await beat();
  await reason("Heard");
});

it("O1: its token renews its own Lease, and can neither call itself ready nor read anything else", async () => {
  const asEndpoint = async (...args: readonly string[]) => {
    const all = ["--kubeconfig", kubeconfig, ...args];
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

it("O1: with the endpoint its identity goes, and its token ends", async () => {
  await cluster.clouder(["endpoint", "delete", "lab", "--yes"]);
  const accounts = async () =>
    (await cluster.kubectl(["get", "serviceaccounts", "-o", "name"])).stdout;
  await expect.poll(accounts, { timeout: 60_000, interval: 1000 }).not.toContain("endpoint-lab");
  await expect(beat()).rejects.toThrow();
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
