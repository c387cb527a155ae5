import { ClouderError } from "#core/error";
import { argument, command } from "#plugin/cli/command";
import { policyOfCluster, policyOfFile } from "#plugin/cli/find-policy";
import { namespaceFlags, string } from "#plugin/cli/flags";
import { exportedResult } from "#plugin/output/exported";
import { mutatingPolicy } from "#webhook/export/mutating-policy";

export default command({
  summary: "Print a policy in a form that API servers evaluate themselves, without the webhook",
  description:
    "What cannot be said in that form is named on standard error. Needs Kubernetes 1.36 or newer.",
  examples: [
    "inject export defaults --as mutatingadmissionpolicy",
    "inject export -f policy.yaml --as mutatingadmissionpolicy | kubectl apply -f -",
  ],
  args: { policy: argument({ description: "name of a policy of the cluster or the namespace" }) },
  flags: {
    ...namespaceFlags,
    as: string({
      description: "the form",
      options: ["mutatingadmissionpolicy"],
      default: "mutatingadmissionpolicy",
    }),
    filename: string({ char: "f", description: "file of the policy, instead of a name" }),
  },
  run: async ({ args, flags }, { kube, namespace, report }) => {
    const { policy: name } = args;
    const { filename } = flags;
    if ((name === undefined) === (filename === undefined)) {
      const hint = "inject export POLICY, or inject export -f policy.yaml";
      throw new ClouderError("usage", "give either a policy's name or a file", { hint });
    }
    const inFile = () => policyOfFile(filename ?? "-", flags.namespace ?? "default");
    const inCluster = async () => policyOfCluster(await kube(), name ?? "", await namespace());
    return exportedResult(mutatingPolicy(await (filename ? inFile() : inCluster())), report);
  },
});
