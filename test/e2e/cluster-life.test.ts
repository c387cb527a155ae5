import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hostState } from "#test/e2e/host-state";
import { lab } from "#test/e2e/scenario";

const cluster = lab();
const name = "life";
const create = [
  ...["cluster", "create", name, "--provider", "local", "--workers", "1"],
  ...["--bundle", cluster.bundle, "--yes"],
];
let before: string;
const folder = join(cluster.home, ".clouder", "kubeadm", name);

beforeAll(async () => {
  before = await hostState();
});
afterAll(() => cluster.clouder(["cluster", "delete", name, "--yes"], { allowFailure: true }));

/** Starts a create and kills it with SIGKILL as soon as the step has begun. */
function createKilledAt(step: string): Promise<NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    const child = spawn("bin/kubectl-clouder", [...create, "--progress", "json"], {
      env: { ...process.env, HOME: cluster.home },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes(`"step-started"`) && text.includes(`"${step}"`)) child.kill("SIGKILL");
    });
    child.once("error", reject);
    child.once("close", (_, signal) => {
      resolve(signal);
    });
  });
}

it("converges when it was killed half way, several times", { timeout: 600_000 }, async () => {
  for (const step of ["machines", "install-packages", "init"]) {
    expect(await createKilledAt(step)).toBe("SIGKILL");
  }
  await cluster.clouder(create, { timeoutMs: 500_000 });
  const { stdout } = await cluster.kubectl(["get", "nodes", "-o", "name"], {
    environment: { KUBECONFIG: join(folder, "kubeconfig") },
  });
  expect(stdout.trim().split("\n").sort()).toEqual([`node/${name}-master`, `node/${name}-node-1`]);
  expect((await stat(join(folder, "kubeconfig"))).mode & 0o777).toBe(0o600);
});

it("a second create changes nothing", async () => {
  const { stdout } = await cluster.clouder([...create, "-o", "json"]);
  const result = JSON.parse(stdout) as {
    readonly changed: boolean;
    readonly timings: readonly { readonly skipped?: string }[];
  };
  expect(result.changed).toBe(false);
  expect(result.timings.filter(({ skipped }) => skipped !== undefined).length).toBeGreaterThan(8);
});

it("two clusters live side by side, and delete removes one without a trace", async () => {
  const { stdout } = await cluster.clouder(["cluster", "list", "-o", "name"]);
  expect(stdout).toContain(name);
  expect(stdout).toContain(cluster.name);
  await cluster.clouder(["cluster", "delete", name, "--yes"]);
  expect(await hostState()).toBe(before);
  const nodes = await cluster.kubectl(["get", "nodes", "-o", "name"]);
  expect(nodes.stdout.trim().split("\n")).toHaveLength(2);
});
