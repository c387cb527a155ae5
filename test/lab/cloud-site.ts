import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { clusterFolder, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { identityOf, type LocalIdentity } from "#bootstrap/providers/local/identity";
import { ensureNetwork } from "#bootstrap/providers/local/network";
import { loadSpec } from "#bootstrap/spec/load";
import type { LabCluster } from "#test/lab/lab-cluster";
import { outputOf } from "#test/lab/run-program";

/** The part of this host in which the machines of one cloud live: a bridge with two networks. */
export interface CloudSite extends AsyncDisposable {
  readonly identity: LocalIdentity;
  readonly folder: string;
  /** The lab's root file system. */
  readonly archive: string;
  /** The only network in which machines can be: a virtual network of the cloud takes it, or holds it. */
  readonly network: string;
  readonly gateway: string;
  /** An address of that network. */
  readonly inside: (last: number) => string;
  /** One for callers from outside. */
  readonly outside: (last: number) => string;
  /** Makes an address this host's own, or no longer. */
  give(address: string): Promise<void>;
  take(address: string): Promise<void>;
  /** Names of the machines that are on this host. */
  readonly machines: () => Promise<readonly string[]>;
}

/**
 * Makes the network. Its machines belong to a cluster's folder `name` of the local provider in the
 * lab's home, so that `cluster delete NAME` and the lab's clean-up remove them, whatever happens here.
 */
export async function openCloudSite(lab: LabCluster, name: string): Promise<CloudSite> {
  await using undo = new AsyncDisposableStack();
  const folder = clusterFolder(lab.home, name);
  const spec = loadSpec({
    flags: { name, provider: "local", workers: 0 },
    defaults: { kubernetesVersion: "v1.36.3", bundle: lab.bundle },
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const created_at = new Date().toISOString();
  await writeRecord(folder, recordOf(spec, { uid: "cloud", created_at }, false));
  undo.defer(async () => {
    await lab.clouder(["cluster", "delete", name, "--yes"]);
  });
  const identity = identityOf(name, folder);
  const { bridge, subnet: network, gateway } = await ensureNetwork(identity, spec, undefined);
  const stem = network.replace(/\.0\/24$/, "");
  const inside = (last: number) => `${stem}.${last}`;
  // The range for benchmarks, which nobody has on the Internet, stands for public addresses.
  const outside = (last: number) => `198.18.${stem.split(".")[2] ?? ""}.${last}`;
  const change = async (what: "add" | "delete", address: string) => {
    await outputOf(["ip", "address", what, `${address}/24`, "dev", bridge]);
  };
  await change("add", outside(1));
  const kept = undo.move();
  return {
    ...{ identity, folder, network, gateway, inside, outside },
    archive: join(lab.bundle, "machine/root.tar.zst"),
    give: (address) => change("add", address),
    take: (address) => change("delete", address),
    machines: () => readdir(join(folder, "machines")).catch(() => []),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
