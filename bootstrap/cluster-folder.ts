import { readFile, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { readOriginal } from "#bootstrap/original-record";
import { writePrivate } from "#bootstrap/private-file";
import { wantedMachines } from "#bootstrap/spec/machines";
import { ClouderError } from "#core/error";

/**
 * `kubeadm.json` of a cluster: the intent, written before the first machine is made. The truth
 * about machines and nodes comes from the provider and the cluster, never from here.
 */
export interface ClusterRecord {
  readonly version: 1;
  readonly name: string;
  readonly uid: string;
  readonly cloud: string;
  readonly created_at: string;
  readonly k8s_version: string;
  readonly master: string;
  readonly workers: readonly string[];
  /** True once a create ended well. */
  readonly setup_complete: boolean;
  /** Facts of the settings for other tools; absent where the provider has none. */
  readonly region?: string;
  readonly account?: string;
  readonly resource_group?: string;
  readonly master_size?: string;
  readonly node_size?: string;
  readonly image?: string;
  readonly user?: string;
  readonly key?: string;
  /** Who made the machines, where we did not. */
  readonly made_by?: MachineMaker;
  /** Version to which an upgrade is under way; until it ends nodes have two versions. */
  readonly upgrading?: string;
  readonly spec: ClusterSpec;
}

/** What is known of machines that another tool made. */
export interface MachineMaker {
  readonly tool: "terraform" | "clouder";
  readonly cloud: string;
  readonly region: string;
  readonly account: string;
  readonly network_id: string;
}

/** Fails while an upgrade is under way: a create would take nodes back to the version before. */
export function refuseHalfUpgraded({ name, upgrading }: ClusterRecord): void {
  if (upgrading === undefined) return;
  throw new ClouderError("refused", `an upgrade of "${name}" to ${upgrading} is under way`, {
    hint: `complete it: kubectl clouder cluster upgrade ${name} --kubernetes-version ${upgrading}`,
  });
}

/** Folder of all clusters below the user's home. */
export function clustersFolder(home: string): string {
  return join(home, ".clouder", "kubeadm");
}

/** Folder of one cluster: record, kubeconfig, key, known hosts. */
export function clusterFolder(home: string, name: string): string {
  return join(clustersFolder(home), name);
}

/** The kubeconfig that `cluster create` writes. */
export function kubeconfigPath(home: string, name: string): string {
  return join(clusterFolder(home, name), "kubeconfig");
}

/** The record for a spec; another create of the same cluster keeps uid and time. */
export function recordOf(
  spec: ClusterSpec,
  known: Pick<ClusterRecord, "uid" | "created_at" | "upgrading" | "made_by">,
  complete: boolean,
): ClusterRecord {
  const machines = wantedMachines(spec);
  const names = (role: string) =>
    machines.filter((one) => one.role === role).map(({ name }) => name);
  return {
    version: 1,
    name: spec.name,
    uid: known.uid,
    cloud: spec.provider.name,
    created_at: known.created_at,
    k8s_version: spec.kubernetesVersion,
    master: names("control-plane")[0] ?? "",
    workers: names("worker"),
    setup_complete: complete,
    ...settingsOf(spec.provider.settings),
    ...(known.made_by && madeBy(known.made_by)),
    ...(known.upgrading !== undefined && { upgrading: known.upgrading }),
    spec,
  };
}

function madeBy(made_by: MachineMaker): Pick<ClusterRecord, "made_by" | "region" | "account"> {
  return { made_by, region: made_by.region, account: made_by.account };
}

/** The original's names of settings. */
const recordedSettings = {
  region: "region",
  account: "subscription",
  resource_group: "resourceGroup",
  master_size: "controlPlaneSize",
  node_size: "workerSize",
  image: "image",
  user: "user",
  key: "key",
} as const;

function settingsOf(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(recordedSettings).flatMap(([name, setting]) => {
      const value = settings[setting];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}

/** Replaces the record. */
export async function writeRecord(folder: string, record: ClusterRecord): Promise<void> {
  await writePrivate(join(folder, "kubeadm.json"), `${JSON.stringify(record, null, 2)}\n`);
}

/** The record in a folder, or the original's of that cluster; undefined when there is none. */
export async function readRecord(folder: string): Promise<ClusterRecord | undefined> {
  const own = join(folder, "kubeadm.json");
  const ours = await readIfThere(own);
  const path = ours === undefined ? originalPath(folder) : own;
  const text = ours ?? (await readIfThere(path));
  if (text === undefined) return undefined;
  let record: Partial<ClusterRecord>;
  try {
    record = JSON.parse(text) as Partial<ClusterRecord>;
  } catch (error) {
    throw new ClouderError("config", `${path} is not JSON`, {
      hint: "repair it, or move it away; a create of the same name finds machines of a cloud by their tags",
      cause: error,
    });
  }
  if (record.version === (1 as number) && record.spec && record.uid !== undefined) {
    return record as ClusterRecord;
  }
  const original = readOriginal(record, basename(folder));
  if (original) return original;
  throw new ClouderError("unsupported", `${path} was written by another program or version`, {
    hint: "move that file away, or use the version that wrote it",
  });
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw error;
  });
}

/** Where the original had kept records before it had a folder for each cluster. */
function originalPath(folder: string): string {
  return join(dirname(dirname(folder)), "clusters", `${basename(folder)}.json`);
}

/** The record of a cluster by name; `not-found` names the clusters there are. */
export async function findRecord(home: string, name: string): Promise<ClusterRecord> {
  const record = await readRecord(clusterFolder(home, name));
  if (record) return record;
  const names = await clusterNames(home);
  throw new ClouderError("not-found", `there is no cluster "${name}"`, {
    hint:
      names.length === 0
        ? "make one: kubectl clouder cluster create NAME"
        : `the clusters are: ${names.join(", ")}`,
  });
}

/** Names of all recorded clusters. */
export async function clusterNames(home: string): Promise<readonly string[]> {
  const folder = clustersFolder(home);
  const early = await readdir(join(dirname(folder), "clusters")).catch(() => []);
  const names = new Set([
    ...(await readdir(folder).catch(() => [])),
    ...early.filter((file) => file.endsWith(".json")).map((file) => basename(file, ".json")),
  ]);
  const records = await Promise.all(
    [...names].map(async (name) =>
      (await readRecord(join(folder, name)).catch(() => 1)) ? [name] : [],
    ),
  );
  return records.flat().sort();
}
