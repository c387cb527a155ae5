import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "#core/clock";
import { fileJournal } from "#checkpoint/engine/journal";
import { acceptArchive, archiveTime, removeArchivesOfCalls } from "#checkpoint/engine/node-archive";
import { containerMemory, requireRoom } from "#checkpoint/engine/room";
import { armSpool, openSpool, removeForeignSpools } from "#checkpoint/engine/spool";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clouder-files-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const target = { namespace: "default", pod: "web-0", container: "main" };
const name = (time: string) => `checkpoint-web-0_default-main-${time}.tar`;

describe("the kubelet's archive", () => {
  it.each([
    [name("2026-11-21T04:00:00Z"), true],
    [name("2026-11-21T04:00:00+08:00"), true],
    ["checkpoint-web-0_default-other-2026-11-21T04:00:00Z.tar", false],
    ["checkpoint-web-0_default-main-side-2026-11-21T04:00:00Z.tar", false],
    [name("yesterday"), false],
    ["passwd", false],
  ])("of %s: ours is %s", (file, ours) => {
    expect(archiveTime(target, file) !== undefined).toBe(ours);
  });

  it("is accepted only as this container's regular file directly in the checkpoints folder", async () => {
    const folder = { onNode: "/var/lib/kubelet/checkpoints", here: root };
    const good = name("2026-11-21T04:00:00Z");
    const link = name("2026-11-21T04:00:01Z");
    await writeFile(join(root, good), "12345");
    await symlink("/etc/passwd", join(root, link));
    const accept = (path: string) => acceptArchive(folder, target, path);
    expect(await accept(`${folder.onNode}/${good}`)).toEqual({ path: join(root, good), bytes: 5 });
    const refused = [
      `${folder.onNode}/${link}`,
      `${folder.onNode}/../../../../etc/passwd`,
      `/tmp/${good}`,
      `${folder.onNode}/sub/${good}`,
      `${folder.onNode}/passwd`,
    ];
    for (const path of refused)
      await expect(accept(path)).rejects.toMatchObject({ code: "refused" });
    await expect(accept(`${folder.onNode}/${name("2026-11-21T05:00:00Z")}`)).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("of a broken-off call is removed by its time, others' archives stay", async () => {
    const files = ["03:59:00", "04:00:01", "04:01:00"].map((time) => name(`2026-11-21T${time}Z`));
    const other = "checkpoint-web-0_default-side-2026-11-21T04:00:01Z.tar";
    for (const file of [...files, other]) await writeFile(join(root, file), "");
    const called = Date.parse("2026-11-21T04:00:00.400Z");
    expect(await removeArchivesOfCalls(root, target, [called])).toEqual([files[1]]);
    expect((await readdir(root)).sort()).toEqual([files[0], files[2], other].sort());
  });
});

describe("a spool", () => {
  it("is armed for a minute, private, and disarmed at the end of the call", async () => {
    const spool = openSpool(root, "abc123");
    await mkdir(spool.folder);
    await writeFile(join(spool.folder, "pages-1.img"), "old");
    const armed = await armSpool(spool, systemClock);
    try {
      const until = Number(await readFile(join(spool.folder, "armed"), "utf8"));
      expect(until - Date.now() / 1000).toBeGreaterThan(50);
      expect(until - Date.now() / 1000).toBeLessThan(61);
      expect((await stat(spool.folder)).mode & 0o777).toBe(0o700);
      expect(await spool.pages()).toEqual(new Map());
    } finally {
      await armed[Symbol.asyncDispose]();
    }
    expect(await readdir(spool.folder)).toEqual([]);
  });

  it("gives the handler's pages, timing and dump log", async () => {
    const spool = openSpool(root, "abc123");
    expect(await spool.timing()).toBeUndefined();
    await mkdir(spool.folder);
    for (const file of ["pages-1.img", "pages-22.img", "other"]) {
      await writeFile(join(spool.folder, file), "");
    }
    await writeFile(join(spool.folder, "timing"), "frozen_ms=31\nway=thawed,diverted\n");
    await writeFile(join(spool.folder, "dump.log"), "Error");
    expect([...(await spool.pages()).keys()].sort()).toEqual([
      "checkpoint/pages-1.img",
      "checkpoint/pages-22.img",
    ]);
    expect(await spool.timing()).toEqual({ frozenMilliseconds: 31 });
    expect(await spool.dumpLog()).toBe("Error");
  });

  it.each(["..", "a/b", "", ".hidden", "x".repeat(200)])("refuses the id %j", (id) => {
    expect(() => openSpool(root, id)).toThrow(/no container id/);
  });

  it("of nobody's job is removed", async () => {
    for (const id of ["one", "two"]) await mkdir(join(root, id));
    const removed = await removeForeignSpools(root, () => Promise.resolve(new Set(["two"])));
    expect(removed).toEqual(["one"]);
    expect(await readdir(root)).toEqual(["two"]);
  });
});

describe("the journal", () => {
  it("J6 keeps jobs in private files and passes over a broken one", async () => {
    const journal = fileJournal(root);
    const job = { uid: "u-1", id: "i", containers: [] } as never;
    await journal.write(job);
    await writeFile(join(root, "u-2.json"), "{half");
    expect(await journal.list()).toEqual([job]);
    expect((await stat(join(root, "u-1.json"))).mode & 0o777).toBe(0o600);
    expect(await journal.read("u-2")).toBeUndefined();
    await journal.remove("u-1");
    expect(await journal.list()).toEqual([]);
    expect(() => journal.remove("../etc")).toThrow(/no UID/);
  });
});

describe("the room for a dump", () => {
  const pod = { metadata: { uid: "12-34" } } as never;
  it.each([
    [
      "cgroupfs, version 1",
      "memory/kubepods/burstable/pod12-34/abc",
      "total_rss 700\ntotal_shmem 11\n",
    ],
    [
      "systemd, version 2",
      "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12_34.slice/cri-containerd-abc.scope",
      "anon 700\nfile 5\nshmem 11\n",
    ],
    [
      "guaranteed, version 2",
      "kubepods.slice/kubepods-pod12_34.slice/cri-containerd-abc.scope",
      "anon 700\nshmem 11\n",
    ],
  ])("is known from the container's cgroup: %s", async (_what, folder, text) => {
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, folder, "memory.stat"), text);
    expect(await containerMemory(root, pod, { name: "main" }, "abc")).toEqual({
      bytes: 711,
      from: "cgroup",
    });
  });

  it("is guessed from the limit, else from the request", async () => {
    const memory = (resources: object) =>
      containerMemory(root, pod, { name: "main", resources }, "abc");
    expect(await memory({ limits: { memory: "2Gi" }, requests: { memory: "1Gi" } })).toEqual({
      bytes: 2 ** 31,
      from: "limit",
    });
    expect(await memory({ requests: { memory: "64M" } })).toEqual({ bytes: 64e6, from: "request" });
    expect((await memory({})).from).toBe("guess");
  });

  it("K1 is refused with both figures when it is not there", async () => {
    await expect(requireRoom(root, 2 ** 60, "a checkpoint")).rejects.toMatchObject({
      code: "no-space",
      message: expect.stringMatching(
        /needs about \d+ MiB under .* which has \d+ MiB left/,
      ) as string,
    });
    await requireRoom(root, 1, "a checkpoint");
  });
});
