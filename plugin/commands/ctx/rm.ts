import { removeContext } from "#bootstrap/contexts/contexts";
import { homeOf } from "#plugin/cli/clusters";
import { argument, command } from "#plugin/cli/command";
import { deletedNames } from "#plugin/output/deleted";

export default command({
  summary: "Take a context out of the list; never the current one",
  examples: ["ctx rm aws:::012345678901"],
  args: { context: argument({ description: "CLOUD:::ID", required: true }) },
  run: async ({ args }, context) => {
    await removeContext(homeOf(context), args.context);
    return deletedNames([args.context], "context");
  },
});
