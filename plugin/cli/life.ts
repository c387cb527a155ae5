import type { DrainOptions } from "#bootstrap/pools/drain";
import type { CreateNodePoolRequest, PoolWishes } from "#bootstrap/pools/node-pools";
import type { ClusterName, LifeAround } from "#bootstrap/pools/place";
import { connectKube } from "#kube/connect";
import { checked } from "#plugin/cli/checks";
import { isClusterName } from "#plugin/cli/cluster-flags";
import { homeOf, surroundings } from "#plugin/cli/clusters";
import { argument, type CommandContext } from "#plugin/cli/command";
import { milliseconds } from "#plugin/cli/durations";
import { boolean, integer, string, timeoutFlag } from "#plugin/cli/flags";

/** Commands about a running cluster of ours name it first. */
export const clusterArgument = checked(
  argument({ description: "name of the cluster", required: true }),
  isClusterName,
);

/** What the jobs that change a running cluster work with. */
export function lifeAround(context: CommandContext): LifeAround {
  const connect = (kubeconfig: string) => connectKube({ kubeconfig, requestTimeoutMs: 30_000 });
  return { ...surroundings(context), connect };
}

/** Where a cluster is recorded. */
export function clusterAt(context: CommandContext, cluster: string): ClusterName {
  return { home: homeOf(context), cluster };
}

/** Flags of commands by which nodes leave. */
export const drainFlags = {
  timeout: timeoutFlag("how long pods may take to go: 90s, 10m; 0 is without end", "5m"),
  force: boolean({
    description: "after --timeout delete pods that cannot be evicted, and those nobody makes anew",
  }),
};

/** The flags as the job wants them. */
export function drainOf(flags: {
  readonly timeout: string;
  readonly force: boolean;
}): DrainOptions {
  return { timeoutMs: milliseconds("timeout", flags.timeout), force: flags.force };
}

/** Flags that describe a pool. */
export const poolFlags = {
  min: integer({ description: "least number of nodes a scale may ask for", min: 0, max: 150 }),
  desired: integer({ description: "number of nodes", min: 0, max: 150 }),
  max: integer({ description: "largest number of nodes a scale may ask for", min: 0, max: 150 }),
  roles: string({
    aliases: ["role"],
    description: "roles of the nodes, labels role.datalayer.io/ROLE [default: runtime]",
    multiple: true,
    delimiter: ",",
  }),
  variant: string({ description: "label node.datalayer.io/variant [default: medium]" }),
  xpu: string({
    description: "label xpu.datalayer.io/XPU: cpu, gpu-cuda; one of gpu-* is tainted, too",
  }),
  host: string({
    description: "with ssh: user@address[:port] of a machine, one for each node that joins",
    multiple: true,
  }),
};

interface PoolFlagValues {
  readonly min: number | undefined;
  readonly desired: number | undefined;
  readonly max: number | undefined;
  readonly roles: readonly string[] | undefined;
  readonly variant: string | undefined;
  readonly xpu: string | undefined;
  readonly host: readonly string[] | undefined;
}

/** The flags as the jobs want them; what was not given is undefined. */
export function poolOf({ host, ...rest }: PoolFlagValues): PoolWishes {
  const { min, desired, max, roles, variant, xpu } = rest;
  return { min, desired, max, roles, variant, xpu, hosts: host };
}

/** Flags for what a pool's machines are from the beginning. */
export const newPoolFlags = {
  flavor: string({
    aliases: ["size"],
    description: "in a cloud: size of its machines [default: the workers']",
  }),
  spot: boolean({ description: "in a cloud: machines that may be taken away, for less money" }),
  "gpu-driver": boolean({
    description:
      "install NVIDIA's driver and container toolkit where a machine has a GPU [default: with --xpu gpu-*]",
    allowNo: true,
  }),
  checkpoint: boolean({
    description: "prove the nodes by a real dump and restore",
    ...{ default: true, allowNo: true },
  }),
};

/** The flags as the job wants them. */
export function newPoolOf(flags: {
  readonly flavor: string | undefined;
  readonly spot: boolean;
  /** Undefined where neither it nor its opposite was given. */
  readonly "gpu-driver": boolean | undefined;
  readonly checkpoint: boolean;
}): Pick<CreateNodePoolRequest, "size" | "spot" | "gpuDriver" | "checkpoint"> {
  return {
    ...{ size: flags.flavor, checkpoint: flags.checkpoint },
    spot: flags.spot || undefined,
    gpuDriver: flags["gpu-driver"],
  };
}
