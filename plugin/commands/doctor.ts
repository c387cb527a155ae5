import { examine } from "#checkpoint/doctor/examine";
import { checkGroups } from "#checkpoint/doctor/registry";
import { treat } from "#checkpoint/doctor/treat";
import { command } from "#plugin/cli/command";
import { boolean, namespaceFlags, yesFlag } from "#plugin/cli/flags";
import { nameFlag } from "#plugin/cli/names";
import { findingsResult } from "#plugin/output/findings";
import { checkWebhook } from "#webhook/install/check";

export default command({
  summary:
    "Look at everything that checkpoint, restore and injection need, with the cure for what is missing",
  description:
    "Changes nothing; a pod is made as a dry run. Ends with 1 when something fails. With --fix, " +
    "objects of the installation that are absent are made after a question, and all is looked at again.",
  examples: ["doctor", "doctor --fix", "doctor --node worker-1", "doctor -o json"],
  flags: {
    ...namespaceFlags,
    node: nameFlag("look at this node only"),
    fix: boolean({ description: "apply the cures that are safe", exclusive: ["node"] }),
    yes: yesFlag,
  },
  run: async ({ flags }, context) => {
    const { clock, report, signal } = context;
    const kube = await context.kube();
    const namespace = await context.namespace();
    const options = { namespace, nodeName: flags.node };
    const run = () => checkWebhook(kube, namespace, clock.now());
    const groups = [...checkGroups, { name: "webhook", perNode: false, run }];
    const fixed = flags.fix ? await treat({ ...context, kube, timeoutMs: 300_000 }) : [];
    return findingsResult(await examine(options, { kube, clock, report, signal }, groups), fixed);
  },
});
