import { examine } from "#checkpoint/doctor/examine";
import { checkGroups } from "#checkpoint/doctor/registry";
import { command } from "#plugin/cli/command";
import { namespaceFlags } from "#plugin/cli/flags";
import { nameFlag } from "#plugin/cli/names";
import { findingsResult } from "#plugin/output/findings";
import { checkWebhook } from "#webhook/install/check";

export default command({
  summary:
    "Look at everything that checkpoint, restore and injection need, with the cure for what is missing",
  description: "Changes nothing; a pod is made as a dry run. Ends with 1 when something fails.",
  examples: ["doctor", "doctor --node worker-1", "doctor -o json"],
  flags: {
    ...namespaceFlags,
    node: nameFlag("look at this node only"),
  },
  run: async ({ flags }, context) => {
    const { clock, report, signal } = context;
    const kube = await context.kube();
    const namespace = await context.namespace();
    const options = { namespace, nodeName: flags.node };
    const run = () => checkWebhook(kube, namespace, clock.now());
    const groups = [...checkGroups, { name: "webhook", perNode: false, run }];
    return findingsResult(await examine(options, { kube, clock, report, signal }, groups));
  },
});
