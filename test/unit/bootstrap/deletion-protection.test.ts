import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  clusterFolder,
  clusterNames,
  findRecord,
  recordOf,
  writeRecord,
} from "#bootstrap/cluster-folder";
import { protectionDifferences, withKnownProtection } from "#bootstrap/deletion-protection";
import { loadSpec } from "#bootstrap/spec/load";
import deleteCommand from "#plugin/commands/cluster/delete";
import protect from "#plugin/commands/cluster/protect";
import terminate from "#plugin/commands/kubeadm/terminate";
import { runCommand } from "#test/unit/plugin/commands/run";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-protection-"));
  const record = recordOf(spec({ deletionProtection: true }), identity, true);
  await writeRecord(clusterFolder(home, "prod"), record);
});
afterEach(() => rm(home, { recursive: true, force: true }));

const identity = { uid: "u", created_at: "2026-11-21T00:00:00.000Z" };
/** Nobody listens there. */
const hosts = ["root@127.0.0.1:1"];
const spec = (flags: { readonly deletionProtection?: boolean } = {}) =>
  loadSpec({
    flags: { name: "prod", provider: "ssh", hosts, ...flags },
    defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
  });
const run = (id: string, definition: typeof protect, ...argv: readonly string[]) =>
  runCommand(id, definition, argv, { environment: { HOME: home } });

describe("H6 deletion protection", () => {
  test.each([
    ["cluster:delete", deleteCommand],
    ["kubeadm:terminate", terminate],
  ])("keeps %s from deleting, whatever its flags say", async (id, definition) => {
    await expect(run(id, definition, "prod", "--yes", "--force")).rejects.toMatchObject({
      code: "refused",
      message: 'the cluster "prod" is protected from being deleted',
      hint: "if it is to go: kubectl clouder cluster protect prod --off",
    });
    expect(await clusterNames(home)).toEqual(["prod"]);
  });

  test("is switched off, and then the cluster goes", async () => {
    const { stdout } = await run("cluster:protect", protect, "prod", "--off");
    expect(stdout).toBe("cluster prod can be deleted again\n");
    const deleted = await run("cluster:delete", deleteCommand, "prod", "--yes", "--force");
    expect(deleted.stdout).toMatch(
      /^cluster prod deleted; its machines were handed back\nstays: .*cannot reach prod-master/,
    );
    expect(await clusterNames(home)).toEqual([]);
  });

  test("is switched on, keeps the rest of the record, and names an unknown cluster", async () => {
    const before = await findRecord(home, "prod");
    await run("cluster:protect", protect, "prod", "--off");
    await run("cluster:protect", protect, "prod");
    expect(await findRecord(home, "prod")).toEqual(before);
    await expect(run("cluster:protect", protect, "prd")).rejects.toMatchObject({
      code: "not-found",
    });
  });

  test("stays where a document or flags say nothing, and changes where they do", () => {
    const known = spec({ deletionProtection: true });
    expect(withKnownProtection(spec(), known).deletionProtection).toBe(true);
    const off = withKnownProtection(spec({ deletionProtection: false }), known);
    expect(protectionDifferences(known, off)).toMatchObject([
      { object: "record/prod", fields: [{ before: "true", after: "false" }] },
    ]);
    expect(protectionDifferences(known, known)).toEqual([]);
  });
});
