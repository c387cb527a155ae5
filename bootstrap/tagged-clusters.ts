import type { ClusterSummary } from "#bootstrap/show-cluster";
import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";
import type { Reporter } from "#core/report";

/** Where a cloud is asked. */
export interface CloudAround {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

interface Tagged {
  readonly cluster: string;
  readonly state: string;
}

/**
 * Clusters whose machines carry our tag in a cloud and that are not among `known`: made by somebody
 * else, or on another machine.
 */
export async function taggedClusters(
  cloud: string,
  region: string | undefined,
  around: CloudAround,
  known: ReadonlySet<string>,
): Promise<readonly ClusterSummary[]> {
  const machines = (await machinesOf(cloud, region, around)).filter(
    ({ cluster }) => cluster !== "",
  );
  const names = [...new Set(machines.map(({ cluster }) => cluster))].filter(
    (name) => !known.has(name),
  );
  return names.sort().map((name) => {
    const own = machines.filter(({ cluster }) => cluster === name);
    const running = own.filter(({ state }) => /^(running|Succeeded)$/.test(state)).length;
    return {
      ...{ name, provider: cloud, kubernetesVersion: "", state: "unrecorded", createdAt: "" },
      machines: { running, wanted: own.length },
    };
  });
}

async function machinesOf(
  cloud: string,
  region: string | undefined,
  around: CloudAround,
): Promise<readonly Tagged[]> {
  if (cloud === "aws") {
    const { awsMachines } = await import("#bootstrap/providers/aws/account");
    return await awsMachines(around, region);
  }
  if (cloud === "azure") {
    const { azureMachines } = await import("#bootstrap/providers/azure/account");
    const all = await azureMachines(around, undefined);
    return region === undefined ? all : all.filter((one) => one.region === region);
  }
  throw new ClouderError("usage", `"${cloud}" is no cloud that can be asked for machines`, {
    hint: "use --provider aws or --provider azure",
  });
}
