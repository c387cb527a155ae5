import { findRecord } from "#bootstrap/cluster-folder";
import { refuseOriginal } from "#bootstrap/original-record";
import { documentVersion } from "#bootstrap/spec/cluster-fields";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";

/** The Cluster document that makes a recorded cluster again, for what goes on where a create stopped. */
export async function recordedDocument(home: string, name: string): Promise<string> {
  const record = await findRecord(home, name);
  refuseOriginal(record);
  const { spec } = record;
  return JSON.stringify(documentOf(spec), null, 2);
}

function documentOf({ name, packages, pools, ...spec }: ClusterSpec): object {
  return {
    apiVersion: documentVersion,
    kind: "Cluster",
    metadata: { name },
    spec: {
      ...spec,
      // Left out it would be the default, which may be another.
      cloudController: spec.cloudController ?? false,
      // Which numbers its machines have is in the record and no wish.
      pools: pools.map((pool) => ({ ...pool, numbers: undefined })),
      packages: packages.kind === "bundle" ? { kind: "bundle", bundle: packages.folder } : packages,
    },
  };
}
