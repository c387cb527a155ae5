import { initDocument } from "#bootstrap/init-document";
import { checked } from "#plugin/cli/checks";
import { isClusterName } from "#plugin/cli/cluster-flags";
import { argument, command } from "#plugin/cli/command";
import { boolean, string } from "#plugin/cli/flags";
import { schemaPath } from "#plugin/cli/schema-path";

export default command({
  summary: "Write a Cluster document with every field, to be edited and applied",
  examples: [
    "cluster init dev",
    "cluster init lab --provider ssh -f lab.yaml",
    "cluster init dev --provider aws -f -",
  ],
  args: { name: checked(argument({ description: "name of the cluster" }), isClusterName) },
  flags: {
    provider: string({
      aliases: ["cloud"],
      description: "where machines come from: local, ssh, aws, azure",
      default: "local",
    }),
    filename: string({
      char: "f",
      description: "file to write; - for standard output",
      default: "cluster.yaml",
    }),
    force: boolean({ description: "replace a file that is there" }),
  },
  run: async ({ args: { name = "my-cluster" }, flags: { provider, filename: file, force } }) => {
    const document = await initDocument({ name, provider, file, force, schema: schemaPath() });
    return {
      object: { name, provider, file, document },
      names: [`cluster/${name}`],
      text:
        file === "-"
          ? document.trimEnd()
          : `wrote ${file}; edit it, then: kubectl clouder cluster plan -f ${file}`,
    };
  },
});
