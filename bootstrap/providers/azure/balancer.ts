import { kinds } from "./kinds.ts";
import { ensureAddress } from "./network.ts";
import { ensureThing } from "./part.ts";
import { find } from "./session.ts";
import { idOf, versioned, type Site, type Thing, type Workplace } from "./site.ts";

/** What control planes join, and the address at which they are found. */
export interface Balancer {
  readonly kind: BalancerKind;
  readonly pool: string;
  readonly address: string;
}

interface BalancerProperties {
  readonly frontendIPConfigurations?: readonly {
    readonly properties: { readonly privateIPAddress?: string };
  }[];
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
  const balancer = await ensureThing<BalancerProperties>(site, {
    ...{ kind: kinds.balancer, name, role: "network" },
    body: {
      sku: { name: "Standard", tier: "Regional" },
      properties: {
        frontendIPConfigurations: [
          {
            name: frontend,
            ...(address === undefined && zones.length > 0 && { zones }),
            properties:
              address === undefined
                ? { subnet: { id: subnet }, privateIPAllocationMethod: "Dynamic" }
                : { publicIPAddress: { id: address.id } },
          },
        ],
        backendAddressPools: [{ name: pool }],
        probes: [
          {
            name: "readyz",
            properties: {
              ...{ protocol: "Https", port: 6443, requestPath: "/readyz" },
              ...{ intervalInSeconds: 5, numberOfProbes: 2 },
            },
          },
        ],
        loadBalancingRules: [
          {
            name: "api",
            properties: {
              frontendIPConfiguration: own("frontendIPConfigurations", frontend),
              backendAddressPool: own("backendAddressPools", pool),
              probe: own("probes", "readyz"),
              ...{ protocol: "Tcp", frontendPort: 6443, backendPort: 6443 },
              ...{ idleTimeoutInMinutes: 30, enableTcpReset: true, disableOutboundSnat: true },
            },
          },
        ],
      },
    },
  });
  const [first] = balancer.properties.frontendIPConfigurations ?? [];
  return {
    kind: balancerKind,
    pool: `${balancer.id}/backendAddressPools/${pool}`,
    address: address?.properties.ipAddress ?? first?.properties.privateIPAddress ?? "",
  };
}

/** Address of a load balancer that is there; undefined when the cluster has none. */
export async function balancerAddress(
  place: Workplace,
  balancerKind: BalancerKind,
): Promise<string | undefined> {
  const { session, identity } = place;
  const look = async <T>(kind: (typeof kinds)["balancer" | "address"], name: string) =>
    await find<Thing<T>>(session, versioned(idOf(place, kind, name), kind), `look up ${name}`);
  const name = nameOf(identity.cluster, balancerKind);
  const found = await look<BalancerProperties>(kinds.balancer, name);
  if (!found) return undefined;
  const [first] = found.properties.frontendIPConfigurations ?? [];
  if (first?.properties.privateIPAddress !== undefined) return first.properties.privateIPAddress;
  const address = await look<{ readonly ipAddress?: string }>(
    ...([kinds.address, `${identity.cluster}-api-ip`] as const),
  );
  return address?.properties.ipAddress;
}
