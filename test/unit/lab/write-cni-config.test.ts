import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

let folder: string;
let writer: ChildProcess;
const target = () => join(folder, "10-flannel.conflist");
const lease = (subnet: string) =>
  writeFile(
    join(folder, "subnet.env"),
    `FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=${subnet}\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n`,
  );
const start = () => {
  writer = spawn("sh", [join(import.meta.dirname, "../../lab/write-cni-config.sh")], {
    env: { ...process.env, LEASE: join(folder, "subnet.env"), TARGET: target() },
    stdio: "ignore",
  });
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lab-cni-"));
});
afterEach(async () => {
  writer.kill("SIGTERM");
  await rm(folder, { recursive: true, force: true });
});

it("writes the bridge configuration of flannel's lease and follows a new lease", async () => {
  await lease("10.244.3.1/24");
  start();
  await vi.waitUntil(() => existsSync(target()), { timeout: 3000 });
  const [bridge] = (JSON.parse(await readFile(target(), "utf8")) as { plugins: object[] }).plugins;
  expect(bridge).toMatchObject({
    type: "bridge",
    mtu: 1450,
    ipMasq: false,
    ipam: { ranges: [[{ subnet: "10.244.3.0/24" }]], routes: [{ dst: "10.244.0.0/16" }] },
  });
  const { mtimeMs } = await stat(target());
  await lease("10.244.4.129/25");
  await vi.waitUntil(async () => (await stat(target())).mtimeMs !== mtimeMs, { timeout: 5000 });
  expect(await readFile(target(), "utf8")).toContain('"subnet": "10.244.4.128/25"');
});
