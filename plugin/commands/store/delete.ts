import { deleteStore } from "#checkpoint/engine/make-store";
import { command } from "#plugin/cli/command";
import { clusterFlags, yesFlag } from "#plugin/cli/flags";
import { nameArgument } from "#plugin/cli/names";
import { deletedNames } from "#plugin/output/deleted";
import { storeKind } from "#plugin/output/stores";

export default command({
  summary: "Forget a store; what it keeps stays where it is",
  examples: ["store delete old --yes"],
  args: {
    name: nameArgument("name of the store"),
  },
  flags: { ...clusterFlags, yes: yesFlag },
  run: async ({ args: { name } }, { kube, report, confirm }) => {
    await deleteStore(name, { kube: await kube(), report, confirm });
    return deletedNames([name], storeKind);
  },
});
