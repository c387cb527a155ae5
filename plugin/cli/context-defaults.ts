import { clusterFolder, readRecord } from "#bootstrap/cluster-folder";
import { partsOf, readContexts } from "#bootstrap/contexts/contexts-file";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import { ClouderError } from "#core/error";
import { homeOf } from "#plugin/cli/clusters";
import type { CommandContext } from "#plugin/cli/command";

/**
 * Cloud and account of the current context (`ctx set`) for a cluster that is not there yet and
 * whose flags name no provider. The login must be of that account.
 */
export async function withContextDefaults(
  flags: ClusterFlags,
  context: CommandContext,
): Promise<ClusterFlags> {
  const home = homeOf(context);
  if (flags.provider !== undefined) return flags;
  if (flags.name !== undefined) {
    const record = await readRecord(clusterFolder(home, flags.name));
    if (record) return { ...flags, provider: record.cloud };
  }
  const current = partsOf((await readContexts(home)).current_context);
  if (current?.cloud === "azure") {
    const settings = { ...flags.settings };
    return {
      ...flags,
      provider: "azure",
      settings: { ...settings, subscription: settings["subscription"] ?? current.id },
    };
  }
  if (current?.cloud !== "aws") return flags;
  const { awsAccount } = await import("#bootstrap/providers/aws/account");
  const { account } = await awsAccount(context);
  if (account !== current.id) {
    throw new ClouderError(
      "conflict",
      `the login is of the AWS account ${account}, not ${current.id}`,
      {
        hint: "log in to that account, or choose this one: kubectl clouder ctx set aws " + account,
      },
    );
  }
  return { ...flags, provider: "aws" };
}
