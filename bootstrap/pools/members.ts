import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { wantedMachines, withNumbers } from "#bootstrap/spec/machines";
import { ClouderError } from "#core/error";

/** The spec without one worker: its pool is one smaller, its host is listed no more. */
export function withoutWorker(spec: ClusterSpec, name: string): ClusterSpec {
  const numbered = withNumbers(spec);
  const place = wantedMachines(numbered).findIndex((one) => one.name === name);
  const number = Number(/-(\d+)$/.exec(name)?.[1]);
  const pools = numbered.pools.map((pool) => {
    const numbers = (pool.numbers ?? []).filter((one) => one !== number);
    return { ...pool, numbers, count: numbers.length };
  });
  const hosts = hostsOf(spec)?.filter((_host, index) => index !== place);
  return withHosts({ ...numbered, pools }, hosts);
}

/** The spec with `count` more nodes in a pool, on `hosts` where machines are the user's own. */
export function withWorkers(
  spec: ClusterSpec,
  poolName: string,
  count: number,
  hosts: readonly string[],
): ClusterSpec {
  const numbered = withNumbers(spec);
  const grown = withNumbers(
    {
      ...numbered,
      pools: numbered.pools.map((pool) =>
        pool.name === poolName ? { ...pool, count: pool.count + count } : pool,
      ),
    },
    numbered,
  );
  const known = hostsOf(spec);
  if (!known) {
    if (hosts.length === 0) return grown;
    throw new ClouderError("usage", "--host is for clusters of the ssh provider", {
      hint: `${spec.provider.name} makes its machines itself: leave --host out`,
    });
  }
  if (hosts.length !== count) {
    throw new ClouderError("usage", `${count} nodes are to join, ${hosts.length} hosts are given`, {
      hint: "give one --host user@address for each node",
    });
  }
  const before = wantedMachines(numbered).map(({ name }) => name);
  const fresh = [...hosts];
  const all = wantedMachines(grown).map(({ name }) => {
    const place = before.indexOf(name);
    return (place === -1 ? fresh.shift() : known[place]) ?? "";
  });
  return withHosts(grown, all);
}

/** A pool by name; `not-found` names those there are. */
export function poolCalled(spec: ClusterSpec, name: string): PoolSpec {
  const pool = spec.pools.find((one) => one.name === name);
  if (pool) return pool;
  throw new ClouderError("not-found", `${spec.name} has no pool ${name}`, {
    hint: `its pools are: ${spec.pools.map((one) => one.name).join(", ")}`,
  });
}

/** Hosts of the ssh provider, in the order of the machines. */
function hostsOf({ provider }: ClusterSpec): readonly string[] | undefined {
  const hosts = provider.settings["hosts"];
  return Array.isArray(hosts) ? hosts.map(String) : undefined;
}

function withHosts(spec: ClusterSpec, hosts: readonly string[] | undefined): ClusterSpec {
  if (!hosts) return spec;
  const settings = { ...spec.provider.settings, hosts };
  return { ...spec, provider: { ...spec.provider, settings } };
}
