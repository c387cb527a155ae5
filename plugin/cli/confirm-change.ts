import { completeRecord } from "#bootstrap/pools/place";
import { ClouderError } from "#core/error";
import type { CommandContext } from "#plugin/cli/command";
import { clusterAt } from "#plugin/cli/life";

/** Asks before a cluster is changed; one that is not there, or not complete, is told instead. */
export async function confirmChange(
  context: CommandContext,
  cluster: string,
  question: string,
): Promise<void> {
  await completeRecord(clusterAt(context, cluster));
  if (await context.confirm(question)) return;
  throw new ClouderError("cancelled", "nothing was changed");
}
