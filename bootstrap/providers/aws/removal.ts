import { DescribeVolumesCommand } from "@aws-sdk/client-ec2";
import type { AwsIdentity } from "./identity.ts";
import { inventory } from "./inventory.ts";
import { settleMs } from "./part.ts";
import { look, type AwsSession } from "./session.ts";
import { removeInPasses } from "#bootstrap/providers/remove-in-passes";

/**
 * Removes everything of a cluster in passes, stage by stage, until a look by tag finds nothing or
 * nothing moves any more; gives what is left. `begun` is when the last create was begun: AWS may
 * show late what it made.
 */
export async function removeAll(
  session: AwsSession,
  identity: AwsIdentity,
  begun: readonly number[],
): Promise<readonly string[]> {
  const left = await removeInPasses({
    ...{ clock: session.clock, signal: session.signal },
    look: () => inventory(session, identity),
    settled: Math.max(0, ...begun) + settleMs,
    progress: (count) => {
      const message = `${String(count)} things are still in AWS`;
      session.report({ type: "note", level: "debug", message });
    },
  });
  return left.map(({ thing: { kind, id, name, foreign }, reason = "" }) => {
    const about = [name, foreign === true ? "not made by us" : "", reason];
    const notes = about.filter((one) => one !== "" && one !== id).join("; ");
    return notes === "" ? `${kind} ${id}` : `${kind} ${id} (${notes})`;
  });
}

/** Names volumes of PersistentVolumes, which hold the user's data and are not deleted with the cluster. */
export async function reportKeptVolumes(
  session: AwsSession,
  { cluster }: AwsIdentity,
): Promise<void> {
  const { Volumes = [] } = await look(session, "look for volumes of the cluster's claims", () =>
    session.ec2.send(
      new DescribeVolumesCommand({
        Filters: [
          { Name: `tag:kubernetes.io/cluster/${cluster}`, Values: ["owned"] },
          { Name: "status", Values: ["available"] },
        ],
      }),
    ),
  );
  for (const { VolumeId } of Volumes) {
    session.report({
      type: "note",
      level: "warn",
      message: `the volume ${VolumeId ?? ""} of a claim in ${cluster} is kept; delete it when its data is no longer wanted`,
    });
  }
}
