import { checkStoreOf } from "#checkpoint/engine/check-store";
import { findStore } from "#checkpoint/engine/make-store";
import { command } from "#plugin/cli/command";
import { clusterFlags } from "#plugin/cli/flags";
import { nameArgument } from "#plugin/cli/names";
import { storeChecks } from "#plugin/output/stores";

export default command({
  summary: "Try a store: write, read back and remove a small object",
  description:
    "From this machine with the store's own credentials, which needs the right to read its Secret; " +
    "a file:// store is asked of the nodes' agents. Ends with 1 when something is wrong.",
  examples: ["store check s3", "store check s3 -o json"],
  args: {
    name: nameArgument("name of the store"),
  },
  flags: clusterFlags,
  run: async ({ args }, { kube, clock, signal }) => {
    const store = await findStore(await kube(), args.name);
    return storeChecks(await checkStoreOf(store, { kube, signal, now: clock.now() }));
  },
});
