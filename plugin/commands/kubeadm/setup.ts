import { createCluster, previewCluster } from "#bootstrap/create-cluster";
import { recordedDocument } from "#bootstrap/recorded-document";
import { createFlags, flagsOf, isClusterName } from "#plugin/cli/cluster-flags";
import { checked } from "#plugin/cli/checks";
import { homeOf, surroundings } from "#plugin/cli/clusters";
import { argument, command } from "#plugin/cli/command";
import { boolean, yesFlag } from "#plugin/cli/flags";
import { createdResult, previewResult } from "#plugin/output/clusters";

export default command({
  summary: "Set up Kubernetes on machines of `vm-create`, or complete what a run left half way",
  examples: ["kubeadm setup dev", "kubeadm setup dev --node-label disk=fast --dry-run"],
  args: {
    name: checked(argument({ description: "name of the cluster", required: true }), isClusterName),
  },
  flags: {
    ...createFlags,
    "dry-run": boolean({ description: "print what would be done, change nothing" }),
    yes: yesFlag,
  },
  run: async ({ args: { name }, flags }, context) => {
    const home = homeOf(context);
    const document = await recordedDocument(home, name);
    const file = `the record of ${name}`;
    const request = { home, document, file, ...flagsOf(flags, name) };
    if (flags["dry-run"])
      return previewResult(await previewCluster(request, surroundings(context)));
    return createdResult(await createCluster(request, surroundings(context)), undefined);
  },
});
