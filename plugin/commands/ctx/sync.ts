import { accountSources } from "#bootstrap/contexts/account-sources";
import { syncContexts } from "#bootstrap/contexts/contexts";
import { homeOf } from "#plugin/cli/clusters";
import { command } from "#plugin/cli/command";
import { syncedResult } from "#plugin/output/contexts";

export default command({
  summary: "Add and update the accounts that the clouds name now",
  examples: ["ctx sync", "ctx sync -o json"],
  run: async (_input, context) =>
    syncedResult(await syncContexts(homeOf(context), accountSources(context))),
});
