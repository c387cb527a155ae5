import {
  clusterFolder,
  findRecord,
  writeRecord,
  type ClusterRecord,
} from "#bootstrap/cluster-folder";
import { withClusterLock } from "#bootstrap/cluster-lock";
import type { Difference } from "#bootstrap/differences/difference";
import { refuseOriginal } from "#bootstrap/original-record";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { ClouderError } from "#core/error";

/** Fails with `refused` for a cluster that is protected; no flag of a delete overrides it. */
export function refuseProtected({ name, spec }: ClusterRecord): void {
  if (spec.deletionProtection !== true) return;
  throw new ClouderError("refused", `the cluster "${name}" is protected from being deleted`, {
    hint: `if it is to go: kubectl clouder cluster protect ${name} --off`,
  });
}

/** A spec that says nothing about it keeps the protection that the cluster has. */
export function withKnownProtection(
  spec: ClusterSpec,
  known: ClusterSpec | undefined,
): ClusterSpec {
  const deletionProtection = spec.deletionProtection ?? known?.deletionProtection;
  return deletionProtection === undefined ? spec : { ...spec, deletionProtection };
}

/** What an apply would change of it. */
export function protectionDifferences(
  known: ClusterSpec,
  spec: ClusterSpec,
): readonly Difference[] {
  const before = known.deletionProtection ?? false;
  const after = spec.deletionProtection ?? false;
  if (before === after) return [];
  const field = { field: "deletionProtection", before: String(before), after: String(after) };
  return [{ object: `record/${spec.name}`, change: "update", fields: [field] }];
}

/** Switches the protection of a recorded cluster on or off; asks no machine. */
export async function protectCluster(
  home: string,
  name: string,
  on: boolean,
): Promise<{ readonly name: string; readonly deletionProtection: boolean }> {
  await findRecord(home, name);
  const folder = clusterFolder(home, name);
  return await withClusterLock(folder, async () => {
    const record = await findRecord(home, name);
    refuseOriginal(record);
    await writeRecord(folder, { ...record, spec: { ...record.spec, deletionProtection: on } });
    return { name, deletionProtection: on };
  });
}
