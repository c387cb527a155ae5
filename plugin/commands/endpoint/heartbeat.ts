import { beat, keepBeating } from "#checkpoint/endpoints/heartbeat";
import { command } from "#plugin/cli/command";
import { capabilitiesOf, capabilityFlags } from "#plugin/cli/endpoint-flags";
import { boolean, namespaceFlags } from "#plugin/cli/flags";
import { nameArgument } from "#plugin/cli/names";

export default command({
  summary: "On an endpoint: tell the cluster that it lives and what it can take",
  description: "Runs until it is ended, and beats as often as the endpoint's object says.",
  examples: [
    "endpoint heartbeat lab --kubeconfig lab.kubeconfig --type podman --label zone=home",
    'endpoint heartbeat lab --kubeconfig lab.kubeconfig --once --trouble "disk is full"',
  ],
  args: { name: nameArgument("name of the endpoint") },
  flags: {
    ...namespaceFlags,
    ...capabilityFlags,
    once: boolean({ description: "beat once and end, for a timer of yours" }),
  },
  run: async ({ args: { name }, flags }, context) => {
    const kube = await context.kube();
    const { trouble } = flags;
    const place = { name, namespace: await context.namespace() };
    const heartbeat = { ...place, capabilities: capabilitiesOf(flags), trouble };
    if (!flags.once) await keepBeating(heartbeat, kube, context);
    else await beat(heartbeat, kube, context.clock.now());
    return { object: heartbeat, text: `endpoint ${name} was heard` };
  },
});
