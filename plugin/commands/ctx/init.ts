import { accountSources } from "#bootstrap/contexts/account-sources";
import { syncContexts } from "#bootstrap/contexts/contexts";
import { homeOf } from "#plugin/cli/clusters";
import { command } from "#plugin/cli/command";
import { syncedResult } from "#plugin/output/contexts";

export default command({
  summary: "List the accounts of the clouds in ~/.clouder/clouder.yaml; what is there stays",
  examples: ["ctx init", "ctx init -o json"],
  run: async (_input, context) =>
    syncedResult(await syncContexts(homeOf(context), accountSources(context))),
});
