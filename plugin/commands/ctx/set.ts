import { accountSources } from "#bootstrap/contexts/account-sources";
import { setContext } from "#bootstrap/contexts/contexts";
import { homeOf } from "#plugin/cli/clusters";
import { argument, command } from "#plugin/cli/command";

export default command({
  summary: "Choose the cloud and account that later commands work with",
  examples: ["ctx set azure 00000000-0000-0000-0000-000000000000", "ctx set aws 012345678901"],
  args: {
    cloud: argument({ description: "azure or aws", required: true }),
    id: argument({ description: "subscription or account", required: true }),
  },
  run: async ({ args: { cloud, id } }, context) => {
    const chosen = await setContext(homeOf(context), cloud, id, accountSources(context));
    const text = `the current context is ${chosen.context} (${chosen.name})`;
    return { object: chosen, names: [`context/${chosen.context}`], text };
  },
});
