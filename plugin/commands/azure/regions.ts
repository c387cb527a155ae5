import { command } from "#plugin/cli/command";
import { azureRegionList } from "#plugin/output/azure";

export default command({
  summary: "List the Azure regions of the subscription, with their zones",
  examples: ["azure regions", "azure regions -o json"],
  run: async (_input, context) => {
    const { azureRegions } = await import("#bootstrap/providers/azure/account");
    return azureRegionList(await azureRegions(context));
  },
});
