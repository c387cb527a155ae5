import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { Surroundings } from "#bootstrap/create-cluster";
import { connectKube } from "#kube/connect";
import type { CommandContext } from "#plugin/cli/command";

/** Where the clusters of this user are recorded: `~/.clouder`. */
export function homeOf({ environment }: CommandContext): string {
  return environment["HOME"] ?? homedir();
}

/** What the jobs of the bootstrap part work with. */
export function surroundings(context: CommandContext): Surroundings {
  return {
    report: context.report,
    clock: context.clock,
    signal: context.signal,
    sshAgent: context.environment["SSH_AUTH_SOCK"],
    environment: context.environment,
    askSecret: context.askSecret,
  };
}

/** The kubeconfig into which clusters are merged: the first of KUBECONFIG, else kubectl's own. */
export function userKubeconfig(context: CommandContext): string {
  const [first] = (context.environment["KUBECONFIG"] ?? "").split(delimiter).filter(Boolean);
  return first ?? join(homeOf(context), ".kube", "config");
}

/** Connects with a cluster's own kubeconfig, and gives up soon. */
export const connectBriefly = (kubeconfig: string) =>
  connectKube({ kubeconfig, requestTimeoutMs: 5000 });
