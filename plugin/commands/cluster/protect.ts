import { protectCluster } from "#bootstrap/deletion-protection";
import { homeOf } from "#plugin/cli/clusters";
import { command } from "#plugin/cli/command";
import { boolean } from "#plugin/cli/flags";
import { clusterArgument } from "#plugin/cli/life";

export default command({
  summary: "Refuse to delete a cluster until this is switched off again",
  description: "The same as spec.deletionProtection of its document; no machine is asked.",
  examples: ["cluster protect prod", "cluster protect prod --off"],
  args: { name: clusterArgument },
  flags: { off: boolean({ description: "let it be deleted again" }) },
  run: async ({ args: { name }, flags: { off } }, context) => {
    const object = await protectCluster(homeOf(context), name, !off);
    const text = `cluster ${name} ${off ? "can be deleted again" : "is protected from being deleted"}`;
    return { object, names: [`cluster/${name}`], text };
  },
});
