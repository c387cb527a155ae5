import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Machine, Provider } from "#bootstrap/providers/provider";
import { rebootNode } from "#bootstrap/steps/reboot";
import type { ReportEvent } from "#core/report";
import { scriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "../plans/plan.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-reboot-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bootFile = "/proc/sys/kernel/random/boot_id";
/** It is this machine that answers anew, by another boot than the one before. */
const machine: Machine = {
  ...{ name: "lab-node-1", role: "worker", pool: "gpu", privateAddress: "10.0.0.5" },
  reach: { access: "local" },
};

test("a machine that was just made is rebooted once, told, and reached anew", async () => {
  const events: ReportEvent[] = [];
  const context = {
    ...contextFor((event) => events.push(event)),
    ...{ folder, provider: { keepsMachines: false } as Provider },
  };
  const access = scriptedNode("lab-node-1", [[/boot_id/, "the boot before\n"]]);
  const node = await rebootNode(context, { machine, access }, "for a test");
  expect(access.ran.map(({ line }) => line)).toContain(
    "systemd-run --quiet --on-active=1 systemctl reboot",
  );
  expect(events).toContainEqual(
    expect.objectContaining({ host: "lab-node-1", message: "reboots once, for a test" }),
  );
  const { stdout } = await node.access.run(["cat", bootFile]);
  expect(stdout).toBe(await readFile(bootFile, "utf8"));
  await node.access.close();
});
