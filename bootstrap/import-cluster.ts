import { randomUUID } from "node:crypto";
import { recordOf, writeRecord, type ClusterRecord } from "#bootstrap/cluster-folder";
import { withClusterLock } from "#bootstrap/cluster-lock";
import type { Surroundings } from "#bootstrap/create-cluster";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import { preparedContext, refuseOtherCluster, targetOf } from "#bootstrap/target-cluster";
import { readTerraformOutputs, terraformDocument } from "#bootstrap/terraform/read-outputs";
import { ClouderError } from "#core/error";

export interface ImportClusterRequest {
  readonly home: string;
  /** Absent: the outputs' own. */
  readonly name: string | undefined;
  /** What `terraform output -json` printed, and its name in messages. */
  readonly outputs: string;
  readonly file: string;
  /** Where packages come from. */
  readonly flags: ClusterFlags;
}

/**
 * Records machines that Terraform made as a cluster that is not set up yet; no machine is contacted.
 * Idempotent; more workers are taken over, machines in the place of others are refused.
 */
export async function importCluster(
  request: ImportClusterRequest,
  around: Surroundings,
): Promise<ClusterRecord> {
  const { home, name, file } = request;
  const found = readTerraformOutputs(request.outputs, file);
  if (name !== undefined && name !== found.name) {
    throw new ClouderError("usage", `${file} is of the cluster "${found.name}", not "${name}"`, {
      hint: `import it under its name: kubectl clouder cluster import ${found.name}`,
    });
  }
  const document = JSON.stringify(terraformDocument(found));
  const prepared = await preparedContext({ home, document, file, flags: request.flags }, around);
  return await withClusterLock(prepared.folder, async () => {
    const target = await targetOf(prepared);
    refuseOtherCluster(target);
    const { cloud, region, account, network } = found;
    const identity = target.known ?? {
      uid: randomUUID(),
      created_at: new Date(around.clock.now()).toISOString(),
    };
    const made_by = { tool: "terraform", cloud, region, account, network_id: network } as const;
    const complete = target.known?.setup_complete ?? false;
    const record = recordOf(target.spec, { ...identity, made_by }, complete);
    await writeRecord(prepared.folder, record);
    return record;
  });
}
