import { currentContext } from "#bootstrap/contexts/contexts";
import { homeOf } from "#plugin/cli/clusters";
import { command } from "#plugin/cli/command";

export default command({
  summary: "Show the current context",
  examples: ["ctx show", "ctx show -o json"],
  run: async (_input, context) => {
    const current = await currentContext(homeOf(context));
    const text = `${current.context} (${current.name})`;
    return { object: current, names: [`context/${current.context}`], text };
  },
});
