import { findEndpoint } from "#checkpoint/endpoints/look";
import { command } from "#plugin/cli/command";
import { namespaceFlags } from "#plugin/cli/flags";
import { nameArgument } from "#plugin/cli/names";
import { endpointShown } from "#plugin/output/endpoints";

export default command({
  summary: "Show an endpoint: what it can take, when it was heard, why it is not ready",
  examples: ["endpoint show lab", "endpoint show lab -o yaml"],
  args: { name: nameArgument("name of the endpoint") },
  flags: namespaceFlags,
  run: async ({ args: { name } }, { kube, namespace, clock }) => {
    const seen = await findEndpoint(await kube(), { namespace: await namespace(), name });
    return endpointShown(seen, clock.now());
  },
});
