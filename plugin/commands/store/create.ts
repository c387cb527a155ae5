import { makeStore, requireFitting } from "#checkpoint/engine/make-store";
import { command } from "#plugin/cli/command";
import { readCredentials } from "#plugin/cli/credentials";
import { clusterFlags } from "#plugin/cli/flags";
import { nameArgument } from "#plugin/cli/names";
import { newStoreFlags, urlArgument } from "#plugin/cli/store-flags";
import { storeMade } from "#plugin/output/stores";

export default command({
  summary: "Create a place to keep checkpoints in, or change its settings",
  description:
    "Credentials never go on the command line: --credentials-from reads them as JSON or as " +
    "key = value lines. Without it the nodes use the cloud SDK's own chain.",
  examples: [
    "store create s3 s3://bucket/prefix --region eu-west-1 --default",
    "store create minio s3://checkpoints --endpoint http://minio:9000 --path-style --credentials-from env",
    "store create share file:///var/lib/clouder/store",
  ],
  args: {
    name: nameArgument("name of the store"),
    url: urlArgument,
  },
  flags: {
    ...clusterFlags,
    ...newStoreFlags,
  },
  run: async ({ args, flags }, { kube, report, environment }) => {
    const from = flags["credentials-from"];
    const settings = { pathStyle: flags["path-style"], kmsKeyId: flags["kms-key-id"] };
    const plain = { ...flags, ...settings, ...args };
    const scheme = requireFitting(plain, from !== undefined);
    const wanted = { ...plain, credentials: await readCredentials(from, scheme, environment) };
    return storeMade(await makeStore(wanted, { kube: await kube(), report }));
  },
});
