import { azureAnswers, azureLoginFlags } from "#plugin/cli/azure-answers";
import { homeOf } from "#plugin/cli/clusters";
import { command } from "#plugin/cli/command";
import { azureConfigurationShown } from "#plugin/output/azure";

export default command({
  summary: "Say how Azure is reached, check it, and keep it in ~/.clouder/azure/azure.yaml",
  description:
    "Asks for what no flag gives; without client id and secret, `az login` and its like are used. " +
    "Only the file's owner can read it (mode 600).",
  examples: [
    "azure configure",
    "azure configure -s SUBSCRIPTION_ID -t TENANT_ID -c CLIENT_ID --client-secret-from - --no-interactive",
  ],
  flags: azureLoginFlags,
  run: async ({ flags }, context) => {
    const { checkConfiguration } = await import("#bootstrap/providers/azure/account");
    const { writeConfiguration } = await import("#bootstrap/providers/azure/configuration");
    const given = await azureAnswers(flags, context);
    const configuration = { ...given, sources: {} };
    await checkConfiguration(configuration, context);
    const file = await writeConfiguration(homeOf(context), given);
    return azureConfigurationShown(configuration, file);
  },
});
