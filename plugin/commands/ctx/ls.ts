import { listContexts } from "#bootstrap/contexts/contexts";
import { homeOf } from "#plugin/cli/clusters";
import { command } from "#plugin/cli/command";
import { contextList } from "#plugin/output/contexts";

export default command({
  summary: "List the contexts: clouds and accounts",
  examples: ["ctx ls"],
  run: async (_input, context) => contextList(await listContexts(homeOf(context))),
});
