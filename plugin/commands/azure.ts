import { homeOf } from "#plugin/cli/clusters";
import { command } from "#plugin/cli/command";
import { azureConfigurationShown } from "#plugin/output/azure";

export default command({
  summary: "Show how Azure is reached; the secret is masked",
  examples: ["azure", "azure -o json"],
  run: async (_input, context) => {
    const { configurationFile, readConfiguration } =
      await import("#bootstrap/providers/azure/configuration");
    const configuration = await readConfiguration(context.environment);
    return azureConfigurationShown(configuration, configurationFile(homeOf(context)));
  },
});
