import { command } from "#plugin/cli/command";
import { string } from "#plugin/cli/flags";
import { azureMachineList } from "#plugin/output/azure";

export default command({
  summary: "List the Azure machines of a subscription or resource group, whoever made them",
  examples: ["azure vm-ls", "azure vm-ls -g dev-rg -o json"],
  flags: {
    "resource-group": string({ char: "g", description: "only machines of this resource group" }),
  },
  run: async ({ flags }, context) => {
    const { azureMachines } = await import("#bootstrap/providers/azure/account");
    return azureMachineList(await azureMachines(context, flags["resource-group"]));
  },
});
