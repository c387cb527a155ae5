import { createAzureProvider } from "#bootstrap/providers/azure/provider";
import { wantedMachines } from "#bootstrap/spec/machines";
import { hastyPace, specOf, type ClusterWish } from "./azure-world.ts";
import { hastyClock } from "./cloud-run.ts";

/** One run of the provider in a process of its own, which a test kills: `ensure` or `remove`. */
const [action = "", folder = "", uid = "", wish = "{}"] = process.argv.slice(2);
const spec = specOf(JSON.parse(wish) as ClusterWish);
const context = {
  ...{ spec, folder, uid, environment: process.env },
  report: () => undefined,
};
const provider = createAzureProvider({
  ...{ clock: hastyClock(), pace: hastyPace },
  callerAddress: () => Promise.resolve("198.51.100.7"),
  answersSsh: () => Promise.resolve(true),
});
if (action === "ensure") await provider.ensure(context, wantedMachines(spec));
else {
  const { left } = await provider.remove(context, "all");
  if (left.length > 0) throw new Error(left.join("\n"));
}
