import { checkAddons } from "#bootstrap/addons/wanted";
import { overlap, parseNetwork, type Network } from "#bootstrap/spec/cidr";
import { clusterName } from "#bootstrap/spec/cluster-fields";
import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { wrongField } from "#bootstrap/spec/document";
import { ClouderError } from "#core/error";

/** Checks what no field can know alone, and gives the spec back. */
export function validateSpec(spec: ClusterSpec): ClusterSpec {
  checkName(spec.name);
  checkNetworks(spec.network);
  checkPools(spec.pools);
  checkControlPlane(spec.controlPlane);
  checkAddons(spec);
  return spec;
}

/** Fails with `usage` unless `name` can name a cluster: its machines' names are derived from it. */
export function checkName(name: string): void {
  if (name === "") {
    throw new ClouderError("usage", "the cluster has no name", {
      hint: "give one: kubectl clouder cluster create NAME",
    });
  }
  if (!clusterName.pattern.test(name) || name.length > (clusterName.longest ?? Infinity)) {
    throw new ClouderError("usage", `"${name}" cannot name a cluster`, {
      hint: "use at most 40 small letters, digits and hyphens, a letter first",
    });
  }
}

/** Networks of the machines, which the provider knows, beside those of the spec. */
export function checkMachineNetworks(
  { network }: ClusterSpec,
  machines: readonly { readonly path: string; readonly cidr: string }[],
): void {
  for (const { path, cidr } of machines) {
    const nodes = parseNetwork(cidr);
    for (const [what, other] of [
      ["pod", network.podCIDR],
      ["service", network.serviceCIDR],
    ] as const) {
      const inside = parseNetwork(other);
      if (nodes && inside && overlap(nodes, inside)) {
        throw wrongField(
          path,
          `"${cidr}", the machines' network, and the ${what} network ${other} overlap`,
          "choose networks apart, for example 10.0.0.0/16, 10.244.0.0/16 and 10.96.0.0/12",
        );
      }
    }
  }
}

function checkNetworks({ podCIDR, serviceCIDR }: ClusterSpec["network"]): void {
  const pods = readNetwork("spec.network.podCIDR", podCIDR, 20);
  const services = readNetwork("spec.network.serviceCIDR", serviceCIDR, 24);
  if (overlap(pods, services)) {
    throw wrongField(
      "spec.network.podCIDR",
      `"${podCIDR}" and the service network ${serviceCIDR} overlap`,
      "choose two networks apart, for example 10.244.0.0/16 and 10.96.0.0/12",
    );
  }
}

function readNetwork(path: string, cidr: string, largest: number): Network {
  const network = parseNetwork(cidr);
  if (!network) {
    const problem = `"${cidr}" is not an IPv4 network written with its first address`;
    throw wrongField(path, problem, "use for example 10.244.0.0/16");
  }
  if (network.prefix > largest || network.prefix < 8) {
    throw wrongField(
      path,
      `"${cidr}" has a prefix outside of 8 to ${largest}`,
      `use a network from /8 to /${largest}`,
    );
  }
  return network;
}

function checkControlPlane({ endpoint, virtualAddress }: ClusterSpec["controlPlane"]): void {
  if (endpoint !== undefined && virtualAddress !== undefined) {
    throw wrongField(
      "spec.controlPlane.virtualAddress",
      `"${virtualAddress}" is given beside the endpoint ${endpoint}`,
      "give the endpoint of a load balancer, or an address for the control planes to share",
    );
  }
  if (virtualAddress !== undefined && !parseNetwork(`${virtualAddress}/32`)) {
    throw wrongField(
      "spec.controlPlane.virtualAddress",
      `"${virtualAddress}" is not an IPv4 address`,
      "use a free address of the machines' network, for example 10.0.0.10",
    );
  }
  const port = Number(endpoint?.split(":")[1] ?? "6443");
  if (port < 1 || port > 65535) {
    throw wrongField(
      "spec.controlPlane.endpoint",
      `"${endpoint ?? ""}" has no port from 1 to 65535`,
      "use for example api.example.org:6443",
    );
  }
}

function checkPools(pools: readonly PoolSpec[]): void {
  const names = new Set<string>();
  pools.forEach(({ name, count, min = 0, max = 150 }, index) => {
    if (min > max || count < min || count > max) {
      throw wrongField(
        `spec.pools[${index}].count`,
        `${count} is outside of min ${min} and max ${max}`,
        "give a number between them, or change the bounds",
      );
    }
    const path = `spec.pools[${index}].name`;
    if (names.has(name)) throw wrongField(path, `"${name}" names another pool, too`, "rename one");
    if (name === "control-plane") {
      throw wrongField(path, '"control-plane" is what control planes are called', "rename it");
    }
    names.add(name);
  });
}
