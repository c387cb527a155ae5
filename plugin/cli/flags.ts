import { boolean, integer, string } from "@oclif/core/flags";
import { checked, isDuration, isLabel } from "#plugin/cli/checks";
import { outputFormats } from "#plugin/output/print";
import { progressModes } from "#plugin/output/progress";

/** Flags that every command has. */
export const outputFlags = {
  output: outputFlag(),
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

/** `-o`, with formats that one command alone has. */
export function outputFlag(...more: readonly string[]) {
  return string({
    char: "o",
    description: "how the result is shown",
    options: [...outputFormats, ...more],
    default: "table",
    helpGroup: "GLOBAL",
  });
}

/** Flags of commands that talk to a cluster; kubectl's names. */
export const clusterFlags = {
  context: string({ description: "context of the kubeconfig", helpGroup: "GLOBAL" }),
  kubeconfig: string({
    description: "kubeconfig file [default: KUBECONFIG, then ~/.kube/config]",
    helpGroup: "GLOBAL",
  }),
  "request-timeout": checked(
    string({
      description: "how long one request may take: 30s, 2m; 0 is without end",
      default: "30s",
      helpGroup: "GLOBAL",
    }),
    isDuration,
  ),
};

/** Flags of commands about things in one namespace. */
export const namespaceFlags = {
  ...clusterFlags,
  namespace: checked(
    string({
      char: "n",
      description: "namespace [default: the one of the context]",
      helpGroup: "GLOBAL",
    }),
    isLabel,
  ),
};

export const allNamespacesFlag = boolean({
  char: "A",
  description: "look in all namespaces",
  exclusive: ["namespace"],
});

export const yesFlag = boolean({ char: "y", description: "do not ask" });

/** How long a job may take. */
export function timeoutFlag(description: string, byDefault: string) {
  return checked(string({ description, default: byDefault }), isDuration);
}

/** Flags of commands that follow a job in the cluster to its end. */
export const waitFlags = {
  wait: boolean({ description: "wait until it is done", default: true, allowNo: true }),
  timeout: timeoutFlag("how long to wait: 90s, 30m; 0 is without end", "0"),
};

export { boolean, integer, string };
