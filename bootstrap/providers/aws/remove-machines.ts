import { TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import type { AwsIdentity } from "./identity.ts";
import { machinePart, nameOf, ourInstances } from "./instances.ts";
import { inventory } from "./inventory.ts";
import { without } from "./part.ts";
import { afterRemovalOf, type RecordBook } from "./record.ts";
import { change, type AwsSession } from "./session.ts";
import { hasCode } from "#core/error";
import { waitFor } from "#core/retry";

/** Ends the machines of these names and waits until they are gone; gives what is left of them. */
export async function removeMachines(
  session: AwsSession,
  identity: AwsIdentity,
  book: RecordBook,
  names: readonly string[],
): Promise<readonly string[]> {
  const doomed = (await ourInstances(session, identity)).filter((one) =>
    names.includes(nameOf(one)),
  );
  // Their tokens would give dead machines back when one of that name is wanted again.
  const parts = doomed.map((one) => machinePart(nameOf(one)));
  await book.change((record) => ({
    generations: afterRemovalOf(record, parts),
    intents: parts.reduce((rest, part) => without(rest, part), record.intents),
  }));
  const InstanceIds = doomed.map(({ InstanceId = "" }) => InstanceId);
  if (InstanceIds.length > 0) {
    await change(
      session,
      `terminate ${names.join(", ")}`,
      () => session.ec2.send(new TerminateInstancesCommand({ InstanceIds })),
      /^$/,
    );
  }
  const rest = async () =>
    (await inventory(session, identity))
      .filter(({ kind, name }) => ["machine", "volume"].includes(kind) && names.includes(name))
      .map(({ kind, id, name }) => `${kind} ${id} (${name})`);
  try {
    return await waitFor(
      `that ${names.join(", ")} are gone`,
      { timeoutMs: 600_000, everyMs: 3000, clock: session.clock, signal: session.signal },
      async () => ((await rest()).length === 0 ? [] : undefined),
    );
  } catch (error) {
    if (hasCode(error, "timeout")) return await rest();
    throw error;
  }
}
