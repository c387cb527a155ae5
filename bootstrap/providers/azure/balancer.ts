import { kinds } from "./kinds.ts";
import { ensureAddress } from "./network.ts";
import { ensureThing } from "./part.ts";
import { findThing, idOf, type Site, type Workplace } from "./site.ts";

/** What control planes join, and the address at which they are found. */
export interface Balancer {
  readonly kind: BalancerKind;
  readonly pool: string;
  readonly address: string;
}

const frontend = "api";
const pool = "control-planes";

export type BalancerKind = "internal" | "public";

/**
 * Nodes reach the API server inside of the network, callers from outside unless it is private; from
 * the first control plane on, so that more can come later.
 */
export const balancerKinds = ({
  private: hidden,
}: Workplace["settings"]): readonly BalancerKind[] =>
  hidden ? ["internal"] : ["internal", "public"];

const nameOf = (cluster: string, kind: BalancerKind): string =>
  kind === "public" ? `${cluster}-lb` : `${cluster}-internal-lb`;

/** A load balancer of the API server. */
export async function ensureBalancer(
  site: Site,
  balancerKind: BalancerKind,
  subnet: string,
  zones: readonly string[],
): Promise<Balancer> {
  const { cluster } = site.identity;
  const name = nameOf(cluster, balancerKind);
  const id = idOf(site, kinds.balancer, name);
  const address =
    balancerKind === "public"
      ? await ensureAddress(site, `${cluster}-api-ip`, {}, zones)
      : undefined;
  const own = (kind: string, one: string) => ({ id: `${id}/${kind}/${one}` });
  const balancer = await ensureThing(site, {
    ...{ kind: kinds.balancer, name, role: "network" },
    body: {
      sku: { name: "Standard", tier: "Regional" },
      frontendIPConfigurations: [
        {
          name: frontend,
          ...(address === undefined && zones.length > 0 && { zones: [...zones] }),
          ...(address === undefined
            ? { subnet: { id: subnet }, privateIPAllocationMethod: "Dynamic" }
            : { publicIPAddress: { id: address.id } }),
        },
      ],
      backendAddressPools: [{ name: pool }],
      probes: [
        {
          ...{ name: "readyz", protocol: "Https", port: 6443, requestPath: "/readyz" },
          ...{ intervalInSeconds: 5, numberOfProbes: 2 },
        },
      ],
      loadBalancingRules: [
        {
          name: "api",
          frontendIPConfiguration: own("frontendIPConfigurations", frontend),
          backendAddressPool: own("backendAddressPools", pool),
          probe: own("probes", "readyz"),
          ...{ protocol: "Tcp", frontendPort: 6443, backendPort: 6443 },
          ...{ idleTimeoutInMinutes: 30, enableTcpReset: true, disableOutboundSnat: true },
        },
      ],
    },
  });
  const [first] = balancer.frontendIPConfigurations ?? [];
  return {
    kind: balancerKind,
    pool: `${balancer.id}/backendAddressPools/${pool}`,
    address: address?.ipAddress ?? first?.privateIPAddress ?? "",
  };
}

/** Address of a load balancer that is there; undefined when the cluster has none. */
export async function balancerAddress(
  place: Workplace,
  balancerKind: BalancerKind,
): Promise<string | undefined> {
  const { cluster } = place.identity;
  const found = await findThing(place, kinds.balancer, nameOf(cluster, balancerKind));
  if (!found) return undefined;
  const [first] = found.frontendIPConfigurations ?? [];
  if (first?.privateIPAddress !== undefined) return first.privateIPAddress;
  return (await findThing(place, kinds.address, `${cluster}-api-ip`))?.ipAddress;
}
