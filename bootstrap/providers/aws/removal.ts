import { DescribeVolumesCommand } from "@aws-sdk/client-ec2";
import type { AwsIdentity } from "./identity.ts";
import { inventory } from "./inventory.ts";
import { settleMs } from "./part.ts";
import { look, type AwsSession } from "./session.ts";
import type { Thing } from "./thing.ts";
import { removeStages } from "#bootstrap/providers/remove-stages";
import { throwIfCancelled } from "#core/error";

const betweenMs = 5000;
/** Passes in which nothing went, and nothing was on its way out. */
const stalledPasses = 6;
/** Machines, NAT gateways and the interfaces of balancers take minutes. */
const longestMs = 20 * 60_000;

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
  const { clock, signal } = session;
  const deadline = clock.now() + longestMs;
  const settled = Math.max(0, ...begun) + settleMs;
  const reasons = new Map<string, string>();
  let before = "";
  let stalled = 0;
  for (;;) {
    throwIfCancelled(signal);
    const things = await inventory(session, identity);
    if (things.length === 0 && clock.now() >= settled) return [];
    const own = things.filter(({ foreign }) => foreign !== true);
    const now = things.map(({ id, leaving }) => `${id} ${String(leaving)}`).join();
    const waiting = things.length === 0 || own.some(({ leaving }) => leaving === true);
    stalled = now === before && !waiting ? stalled + 1 : 0;
    if (stalled >= stalledPasses || clock.now() >= deadline) return things.map(told(reasons));
    before = now;
    await removeStages(
      own.filter(({ leaving }) => leaving !== true),
      reasons,
    );
    if (things.length > 0) report(session, things.length);
    await clock.sleep(betweenMs, signal);
  }
}

function told(reasons: ReadonlyMap<string, string>) {
  return ({ kind, id, name, foreign }: Thing): string => {
    const about = [name, foreign === true ? "not made by us" : "", reasons.get(id) ?? ""];
    const notes = about.filter((one) => one !== "" && one !== id).join("; ");
    return notes === "" ? `${kind} ${id}` : `${kind} ${id} (${notes})`;
  };
}

function report(session: AwsSession, left: number): void {
  session.report({ type: "note", level: "debug", message: `${left} things are still in AWS` });
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
