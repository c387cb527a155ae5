import { command } from "#plugin/cli/command";
import { explainFile } from "#plugin/cli/explain-input";
import { namespaceFlags, outputFlag, string } from "#plugin/cli/flags";
import { explanationResult } from "#plugin/output/explanation";

export default command({
  summary: "Show what the webhook would do to a pod, and why",
  description:
    "Changes nothing and creates no pod. By the cluster's policies, read with your own rights, or " +
    "without a cluster by a folder of YAML files. Ends with 1 when the pod would be refused.",
  examples: [
    "inject explain -f pod.yaml",
    "inject explain -f pod.yaml --as system:serviceaccount:hub:spawner -n alice",
    "inject explain -f pod.yaml --policies ./policies --may-use alice -o patch",
  ],
  flags: {
    ...namespaceFlags,
    output: outputFlag("patch"),
    filename: string({
      char: "f",
      description: "file of a pod, a workload or an AdmissionReview; - is standard input",
      required: true,
    }),
    as: string({
      description:
        "who creates the pod [default: you, of workloads their controller; without a cluster: somebody]",
    }),
    "as-group": string({ description: "a group of theirs; repeatable", multiple: true }),
    policies: string({ description: "folder of policies, instead of a cluster" }),
    "may-use": string({
      description: "with --policies: a user whose things the creator may use; repeatable",
      multiple: true,
    }),
  },
  run: async ({ flags }, context) => explanationResult(await explainFile(flags, context)),
});
