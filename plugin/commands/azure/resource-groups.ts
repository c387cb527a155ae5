import { command } from "#plugin/cli/command";
import { azureGroupList } from "#plugin/output/azure";

export default command({
  summary: "List the resource groups of the subscription",
  examples: ["azure resource-groups", "azure resource-groups -o name"],
  run: async (_input, context) => {
    const { azureGroups } = await import("#bootstrap/providers/azure/account");
    return azureGroupList(await azureGroups(context));
  },
});
