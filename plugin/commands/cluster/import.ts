import { importCluster } from "#bootstrap/import-cluster";
import { checked } from "#plugin/cli/checks";
import { homeOf, surroundings } from "#plugin/cli/clusters";
import { isClusterName } from "#plugin/cli/cluster-flags";
import { argument, command } from "#plugin/cli/command";
import { string } from "#plugin/cli/flags";
import { readDocument } from "#plugin/cli/read-document";
import { importedResult } from "#plugin/output/clusters";

export default command({
  summary: "Record machines that Terraform made (terraform/), for `kubeadm setup`",
  description: "No machine is contacted. To us they are your own: deleting the cluster keeps them.",
  examples: [
    "cluster import --terraform-output outputs.json",
    "cluster import dev --terraform-output -",
  ],
  args: { name: checked(argument({ description: "name [default: the outputs']" }), isClusterName) },
  flags: {
    "terraform-output": string({
      description: "file with what `terraform output -json` prints; - for standard input",
      required: true,
    }),
    packages: string({ description: "where software comes from: online, mirror, bundle" }),
    bundle: string({ description: "folder of an offline bundle (bundle.json)" }),
  },
  run: async ({ args: { name }, flags }, context) => {
    const from = flags["terraform-output"];
    const outputs = await readDocument(from, "`terraform output -json`");
    const file = from === "-" ? "standard input" : from;
    const { packages, bundle } = flags;
    const request = { home: homeOf(context), name, outputs, file, flags: { packages, bundle } };
    return importedResult(await importCluster(request, surroundings(context)));
  },
});
