import { listAddons } from "#bootstrap/addons/list-addons";
import { command } from "#plugin/cli/command";
import { clusterArgument, clusterAt, lifeAround } from "#plugin/cli/life";
import { addonList } from "#plugin/output/addons";

export default command({
  summary: "List the add-ons that a cluster can have, and how they are",
  examples: ["addon list dev", "addon list dev -o wide"],
  args: { cluster: clusterArgument },
  run: async ({ args }, context) =>
    addonList(await listAddons(clusterAt(context, args.cluster), lifeAround(context))),
});
