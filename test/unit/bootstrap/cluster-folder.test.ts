import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  clusterFolder,
  clusterNames,
  findRecord,
  recordOf,
  writeRecord,
} from "#bootstrap/cluster-folder";
import { isLockHeld, withClusterLock } from "#bootstrap/cluster-lock";
import { ClouderError } from "#core/error";
import { refuseOriginal } from "#bootstrap/original-record";
import { loadSpec } from "#bootstrap/spec/load";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-home-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const spec = loadSpec({
  flags: { name: "lab", workers: 2 },
  defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
});
const identity = { uid: "u", created_at: "2026-11-21T00:00:00.000Z" };

describe("the record of a cluster (B7)", () => {
  test("is private and has the original names", async () => {
    const folder = clusterFolder(home, "lab");
    await writeRecord(folder, recordOf(spec, identity, false));
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const path = join(home, ".clouder/kubeadm/lab/kubeadm.json");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({
      cloud: "local",
      k8s_version: "v1.36.3",
      master: "lab-master",
      workers: ["lab-node-1", "lab-node-2"],
      setup_complete: false,
    });
  });

  test("is found by name; an unknown name lists the known ones", async () => {
    await writeRecord(clusterFolder(home, "lab"), recordOf(spec, identity, true));
    await mkdir(clusterFolder(home, "no-cluster"));
    expect(await clusterNames(home)).toEqual(["lab"]);
    expect((await findRecord(home, "lab")).uid).toBe("u");
    await expect(findRecord(home, "lba")).rejects.toMatchObject({
      code: "not-found",
      hint: "the clusters are: lab",
    });
  });

  test("of another version is left alone", async () => {
    await mkdir(clusterFolder(home, "lab"), { recursive: true });
    await writeFile(join(clusterFolder(home, "lab"), "kubeadm.json"), '{"version": 7}');
    await expect(findRecord(home, "lab")).rejects.toMatchObject({ code: "unsupported" });
  });
});

describe("the lock of a cluster", () => {
  test("keeps a second command out and is gone afterwards", async () => {
    await withClusterLock(home, async () => {
      await expect(withClusterLock(home, () => Promise.resolve(1))).rejects.toMatchObject({
        code: "busy",
        message: expect.stringContaining(String(process.pid)) as string,
      });
    });
    expect(await withClusterLock(home, () => Promise.resolve(2))).toBe(2);
  });

  test("tells a job that did not begin from one that a cloud held up", async () => {
    const late = await withClusterLock(home, () =>
      withClusterLock(home, () => Promise.resolve()).catch((error: unknown) => error),
    );
    expect(isLockHeld(late)).toBe(true);
    expect(isLockHeld(new ClouderError("busy", "Throttling", { retryable: true }))).toBe(false);
  });

  test("leaves no empty folder behind when the command came to nothing", async () => {
    const folder = join(home, "fresh");
    await expect(withClusterLock(folder, () => Promise.reject(new Error("no")))).rejects.toThrow();
    await expect(stat(folder)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("is given up after a failure", async () => {
    const failing = withClusterLock(home, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(await withClusterLock(home, () => Promise.resolve(3))).toBe(3);
  });

  test.each(["1 1\n", "", "x"])("left by a killed command (%j) holds nobody up", async (left) => {
    const dead = spawnSync("true").pid;
    await writeFile(join(home, "lock"), left.replace(/^1 /, `${dead} `));
    expect(await withClusterLock(home, () => Promise.resolve(4))).toBe(4);
  });

  test("of a process whose id was given to another one holds nobody up", async () => {
    await writeFile(join(home, "lock"), `${process.pid} 1\n`);
    expect(await withClusterLock(home, () => Promise.resolve(5))).toBe(5);
  });
});

describe("the original program's records (B7)", () => {
  const original = {
    ...{ name: "old", cluster_type: "kubeadm", cloud: "azure", region: "eastus" },
    ...{ subscription_id: "sub-1", resource_group: "old-rg", setup_complete: true },
    ...{ admin_username: "azureuser", ssh_key_name: "old-key", k8s_version: "1.32" },
    master: { name: "old-master", ip: "203.0.113.4", private_ip: "10.0.0.4" },
    workers: [{ name: "old-node-1", ip: "203.0.113.5", private_ip: "10.0.0.5" }],
  };

  test.each(["clusters/old.json", "kubeadm/old/kubeadm.json"])(
    "in ~/.clouder/%s are read (B7)",
    async (place) => {
      const path = join(home, ".clouder", place);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, JSON.stringify(original));
      expect(await clusterNames(home)).toEqual(["old"]);
      const record = await findRecord(home, "old");
      expect(record).toMatchObject({
        ...{ cloud: "ssh", region: "eastus", account: "sub-1", resource_group: "old-rg" },
        ...{ k8s_version: "v1.32", setup_complete: true, workers: ["old-node-1"] },
        made_by: { tool: "clouder", cloud: "azure" },
      });
      expect(record.spec.provider.settings["hosts"]).toEqual([
        "azureuser@203.0.113.4=10.0.0.4",
        "azureuser@203.0.113.5=10.0.0.5",
      ]);
      expect((await findRecord(home, "old")).uid).toBe(record.uid);
      expect(() => {
        refuseOriginal(record);
      }).toThrow("made by the original program");
    },
  );

  test("give way to ours of the same name (B7)", async () => {
    await mkdir(join(home, ".clouder/clusters"), { recursive: true });
    await writeFile(join(home, ".clouder/clusters/lab.json"), JSON.stringify(original));
    await writeRecord(clusterFolder(home, "lab"), recordOf(spec, identity, true));
    expect((await findRecord(home, "lab")).uid).toBe("u");
    expect(await clusterNames(home)).toEqual(["lab"]);
  });
});
