import { checkpointStores } from "#checkpoint/api/types";
import { whenInstalled } from "#checkpoint/engine/installed";
import { command } from "#plugin/cli/command";
import { clusterFlags } from "#plugin/cli/flags";
import { storeList } from "#plugin/output/stores";

export default command({
  summary: "List the places that keep checkpoints",
  examples: ["store list", "store list -o wide"],
  flags: clusterFlags,
  run: async (_input, { kube, clock }) => {
    const stores = await whenInstalled((await kube()).list(checkpointStores));
    return storeList(stores, clock.now());
  },
});
