import { command } from "#plugin/cli/command";
import { azureSubscriptionList } from "#plugin/output/azure";

export default command({
  summary: "List the Azure subscriptions that the login sees",
  examples: ["azure subscriptions", "azure subscriptions -o json"],
  run: async (_input, context) => {
    const { azureSubscriptions } = await import("#bootstrap/providers/azure/account");
    return azureSubscriptionList(await azureSubscriptions(context));
  },
});
