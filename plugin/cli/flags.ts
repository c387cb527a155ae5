import { boolean, integer, string } from "@oclif/core/flags";
import { outputFormats } from "#plugin/output/print";
import { progressModes } from "#plugin/output/progress";

/** Flags that every command has. */
export const outputFlags = {
  output: string({
    char: "o",
    description: "how the result is shown",
    options: [...outputFormats],
    default: "table",
    helpGroup: "GLOBAL",
  }),
  progress: string({
    description: "how progress is shown on standard error; auto: a bar on a terminal, else lines",
    options: [...progressModes],
    default: "auto",
    helpGroup: "GLOBAL",
  }),
  verbose: boolean({
    char: "v",
    description: "show what goes on underneath, too",
    helpGroup: "GLOBAL",
  }),
};

/** Flags of commands that talk to a cluster; kubectl's names. */
export const clusterFlags = {
  context: string({ description: "context of the kubeconfig", helpGroup: "GLOBAL" }),
  kubeconfig: string({
    description: "kubeconfig file [default: KUBECONFIG, then ~/.kube/config]",
    helpGroup: "GLOBAL",
  }),
  "request-timeout": string({
    description: "how long one request may take: 30s, 2m; 0 is without end",
    default: "30s",
    helpGroup: "GLOBAL",
  }),
};

/** Flags of commands about things in one namespace. */
export const namespaceFlags = {
  ...clusterFlags,
  namespace: string({
    char: "n",
    description: "namespace [default: the one of the context]",
    helpGroup: "GLOBAL",
  }),
};

export const allNamespacesFlag = boolean({
  char: "A",
  description: "look in all namespaces",
  exclusive: ["namespace"],
});

export const yesFlag = boolean({ char: "y", description: "do not ask" });

/** Flags of commands that follow a job in the cluster to its end. */
export const waitFlags = {
  wait: boolean({ description: "wait until it is done", default: true, allowNo: true }),
  timeout: string({
    description: "how long to wait: 90s, 30m; 0 is without end",
    default: "0",
  }),
};

/** Where to look in a store directly; how its URL is reached where a plain one does not do. */
export const storeFlags = {
  store: string({ description: "look into this store: a CheckpointStore's name, or a URL" }),
  endpoint: string({ description: "with a URL: address of the S3 or Blob service" }),
  region: string({ description: "with an s3:// URL: region of the bucket" }),
  "path-style": boolean({ description: "with an s3:// URL: bucket in the path, not in the host" }),
};

export { boolean, integer, string };
