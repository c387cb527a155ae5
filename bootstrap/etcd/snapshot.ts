import { createHash } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { etcdTool } from "#bootstrap/kubeadm/etcd";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { output } from "#bootstrap/nodes/remote-file";
import { atCluster, type ClusterName, type LifeAround, type Place } from "#bootstrap/pools/place";
import { withMachines } from "#bootstrap/pools/planes";
import { ClouderError, hasCode, messageOf } from "#core/error";
import { reportStep } from "#core/report";

/** A snapshot as etcd's own tool sees it after it has verified the hash inside. */
export interface SnapshotStatus {
  readonly hash: number;
  readonly revision: number;
  readonly totalKey: number;
  readonly totalSize: number;
}

export interface Snapshot extends SnapshotStatus {
  readonly file: string;
  /** Of the file, for whoever keeps it. */
  readonly sha256: string;
  readonly from: string;
}

const folder = "/var/lib/clouder/bootstrap/snapshot";

/** Saves etcd's content in a file of the user's (0600: it holds every Secret of the cluster). */
export async function snapshotEtcd(
  request: ClusterName & { readonly file: string },
  around: LifeAround,
): Promise<Snapshot> {
  return await atCluster(request, around, (place) => takeSnapshot(place, request.file));
}

/** Takes a snapshot from the first control plane that can give one. */
export async function takeSnapshot(place: Place, file: string): Promise<Snapshot> {
  return await withMachines(place, "control-plane", async (planes) => {
    let failure: unknown;
    for (const { machine, access } of planes) {
      const step = { step: "snapshot", title: "save etcd's content", host: machine.name };
      try {
        return await reportStep(place.around.report, step, () =>
          snapshotFrom(machine.name, access, file),
        );
      } catch (error) {
        // Another member may be well; a full disk here is the same for all.
        if (!hasCode(error, "remote-command", "unreachable")) throw error;
        failure = error;
      }
    }
    throw new ClouderError("unreachable", `no etcd gave a snapshot: ${messageOf(failure)}`, {
      hint: `look at the control planes: kubectl clouder cluster show ${place.spec.name}`,
      cause: failure,
    });
  });
}

async function snapshotFrom(name: string, access: NodeAccess, file: string): Promise<Snapshot> {
  const there = `${folder}/snapshot.db`;
  try {
    await access.run(["install", "-d", "-m", "0700", folder]);
    await access.run(["rm", "-f", there]);
    await etcdTool(access, ["etcdctl", "snapshot", "save", there], { timeoutMs: 600_000 });
    const status = await snapshotStatus(access, there);
    const sha256 = await download(access, there, file);
    return { file, sha256, from: name, ...status };
  } finally {
    await access.run(["rm", "-rf", folder], { allowFailure: true });
  }
}

/** What a snapshot on a machine holds; fails on one that is damaged. */
export async function snapshotStatus(access: NodeAccess, path: string): Promise<SnapshotStatus> {
  const text = await etcdTool(access, ["etcdutl", "snapshot", "status", path, "--write-out=json"]);
  const { hash, revision, totalKey, totalSize } = JSON.parse(text) as SnapshotStatus;
  return { hash, revision, totalKey, totalSize };
}

const pieceBytes = 8 << 20;

/** In pieces: a snapshot may be larger than the memory. Appears by a rename once it is whole. */
async function download(access: NodeAccess, from: string, to: string): Promise<string> {
  const bytes = Number(await output(access, ["stat", "-c", "%s", from]));
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const part = `${to}.part`;
  await rm(part, { force: true });
  const file = await open(part, "wx", 0o600);
  const hash = createHash("sha256");
  try {
    for (let piece = 0; piece * pieceBytes < bytes; piece += 1) {
      const read = `dd if="$1" bs=${pieceBytes} skip=${piece} count=1 status=none | base64 -w 0`;
      const text = await output(access, ["sh", "-ec", read, "sh", from]);
      const content = Buffer.from(text, "base64");
      hash.update(content);
      await file.writeFile(content);
    }
    await file.sync();
    const sha256 = hash.digest("hex");
    const [there = ""] = (await output(access, ["sha256sum", from])).split(" ");
    if (there !== sha256) {
      throw new ClouderError("integrity", `the snapshot arrived damaged from ${access.host}`, {
        hint: "run the command again",
      });
    }
    await rename(part, to);
    return sha256;
  } finally {
    await file.close();
    await rm(part, { force: true });
  }
}
