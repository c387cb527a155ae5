import { overlap, parseNetwork, type Network } from "#bootstrap/spec/cidr";
import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { ClouderError } from "#core/error";

/** Checks everything that can be known from the spec alone and gives it back. */
export function validateSpec(spec: ClusterSpec): ClusterSpec {
  checkName(spec.name);
  checkVersion(spec.kubernetesVersion);
  checkNetworks(spec.network);
  checkPools(spec.pools);
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(spec.network.dnsDomain)) {
    throw wrong(`"${spec.network.dnsDomain}" is not a DNS domain`, "use for example cluster.local");
  }
  const { endpoint } = spec.controlPlane;
  if (endpoint !== undefined && !/^[A-Za-z0-9.-]+:\d{1,5}$/.test(endpoint)) {
    throw wrong(
      `the endpoint "${endpoint}" is not host:port`,
      "use for example api.example.org:6443",
    );
  }
  return spec;
}

/** Fails with `usage` unless `name` can name a cluster: its machines' names are derived from it. */
export function checkName(name: string): void {
  if (name === "") {
    throw new ClouderError("usage", "the cluster has no name", {
      hint: "give one: kubectl clouder cluster create NAME",
    });
  }
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name) || name.length > 40) {
    throw new ClouderError("usage", `"${name}" cannot name a cluster`, {
      hint: "use at most 40 small letters, digits and hyphens, a letter first",
    });
  }
}

function checkVersion(version: string): void {
  if (!/^v1\.\d+\.\d+$/.test(version)) {
    throw wrong(`"${version}" is not a Kubernetes version`, "use for example v1.36.3");
  }
}

function checkNetworks(network: ClusterSpec["network"]): void {
  const pods = readNetwork("pod network", network.podCIDR, 20);
  const services = readNetwork("service network", network.serviceCIDR, 24);
  if (overlap(pods, services)) {
    throw wrong(
      `the pod network ${network.podCIDR} and the service network ${network.serviceCIDR} overlap`,
      "choose two networks apart, for example 10.244.0.0/16 and 10.96.0.0/12",
    );
  }
}

function readNetwork(what: string, cidr: string, largest: number): Network {
  const network = parseNetwork(cidr);
  if (!network) {
    throw wrong(`the ${what} "${cidr}" is not an IPv4 network`, "use for example 10.244.0.0/16");
  }
  if (network.prefix > largest || network.prefix < 8) {
    throw wrong(
      `the ${what} ${cidr} has a prefix outside of 8 to ${largest}`,
      "choose another size",
    );
  }
  return network;
}

function checkPools(pools: readonly PoolSpec[]): void {
  const names = new Set<string>();
  for (const pool of pools) {
    if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(pool.name) || pool.name.length > 30) {
      throw wrong(`"${pool.name}" cannot name a pool`, "use small letters, digits and hyphens");
    }
    if (names.has(pool.name)) throw wrong(`two pools are called ${pool.name}`, "rename one");
    if (pool.name === "control-plane")
      throw wrong("control-plane is no name for a pool", "rename it");
    names.add(pool.name);
    if (!Number.isInteger(pool.count) || pool.count < 0 || pool.count > 150) {
      throw new ClouderError("usage", `a pool cannot have ${pool.count} nodes`, {
        hint: "use a number from 0 to 150",
      });
    }
    for (const [key, value] of Object.entries(pool.labels)) checkLabel(pool.name, key, value);
  }
}

const labelKey =
  /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

function checkLabel(pool: string, key: string, value: string): void {
  if (!labelKey.test(key) || !labelValue.test(value)) {
    throw wrong(
      `pool ${pool} has a wrong label ${key}=${value}`,
      "see kubernetes.io/docs/concepts/overview/working-with-objects/labels",
    );
  }
}

function wrong(message: string, hint: string): ClouderError {
  return new ClouderError("config", message, { hint });
}
