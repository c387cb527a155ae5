import { makeStore } from "#checkpoint/engine/make-store";
import { parseLocation } from "#checkpoint/stores/location";
import { argument, command } from "#plugin/cli/command";
import { readCredentials } from "#plugin/cli/credentials";
import { boolean, clusterFlags, string } from "#plugin/cli/flags";
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
    name: argument({ description: "name of the store", required: true }),
    url: argument({ description: "s3://…, azblob://… or file:///…", required: true }),
  },
  flags: {
    ...clusterFlags,
    endpoint: string({ description: "address of the S3 or Blob service" }),
    region: string({ description: "region of the bucket" }),
    "path-style": boolean({ description: "bucket in the path, not in the host" }),
    "kms-key-id": string({ description: "key for SSE-KMS" }),
    "credentials-from": string({ description: "env, a file, or - for standard input" }),
    default: boolean({ description: "use it for checkpoints that name no store" }),
  },
  run: async ({ args, flags }, { kube, report, environment }) => {
    const from = flags["credentials-from"];
    const credentials = await readCredentials(from, parseLocation(args.url).scheme, environment);
    const settings = { pathStyle: flags["path-style"], kmsKeyId: flags["kms-key-id"], credentials };
    const wanted = { ...flags, ...settings, ...args };
    return storeMade(await makeStore(wanted, { kube: await kube(), report }));
  },
});
