import type { Machine, Provider, ProviderContext } from "#bootstrap/providers/provider";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { ClouderError } from "#core/error";

export const apiPort = 6443;
/** Where haproxy listens on control planes: 6443 is taken by their own API servers. */
export const sharedPort = 8443;

/** Where nodes find the API servers: a name that stays when machines come and go. */
export interface ApiEndpoint {
  readonly host: string;
  readonly port: number;
  /** What every node's /etc/hosts gives the name; absent where DNS knows it. */
  readonly address?: string;
  /** The control planes share the address: keepalived and haproxy on them serve it. */
  readonly virtual?: true;
  /** `host:port` for the user's machine, where it does not use a control plane's own address. */
  readonly callers?: string;
}

/** The cluster's own name for its API servers, in the nodes' /etc/hosts. */
export function ownName(spec: Pick<ClusterSpec, "name">): string {
  return `api.${spec.name}.clouder.internal`;
}

/** True when the control planes share an address unless the provider brings a load balancer. */
export function wantsShared({ controlPlane }: Pick<ClusterSpec, "controlPlane">): boolean {
  const { endpoint, virtualAddress, count } = controlPlane;
  return endpoint === undefined && (virtualAddress !== undefined || count > 1);
}

/** The endpoint that the spec names, else what the provider made, else the first control plane. */
export async function apiEndpoint(
  context: ProviderContext & { readonly provider: Pick<Provider, "apiAddress"> },
  machines: readonly Machine[],
): Promise<ApiEndpoint> {
  const { spec, provider } = context;
  const { endpoint, virtualAddress, count } = spec.controlPlane;
  if (endpoint !== undefined) return { ...parsed(endpoint), callers: endpoint };
  if (virtualAddress !== undefined) return shared(spec, virtualAddress);
  const made = await provider.apiAddress?.(context);
  if (made && "loadBalancer" in made) {
    return { ...parsed(made.loadBalancer), callers: made.forCallers ?? made.loadBalancer };
  }
  if (count === 1) {
    const address = machines.find(({ role }) => role === "control-plane")?.privateAddress;
    return { host: ownName(spec), port: apiPort, ...(address !== undefined && { address }) };
  }
  if (made) return shared(spec, made.virtual);
  throw noEndpoint(count);
}

/** Fails where several control planes would have nothing that leads to all of them. */
export function refuseNoEndpoint(
  spec: Pick<ClusterSpec, "controlPlane">,
  provider: Pick<Provider, "apiAddress">,
): void {
  const { count, endpoint, virtualAddress } = spec.controlPlane;
  if (count > 1 && (endpoint ?? virtualAddress) === undefined && !provider.apiAddress) {
    throw noEndpoint(count);
  }
}

function noEndpoint(count: number): ClouderError {
  return new ClouderError("config", `${count} control planes need one address for them all`, {
    hint: "give --virtual-address with a free address of their network, or --endpoint host:port of a load balancer",
  });
}

function shared(spec: ClusterSpec, address: string): ApiEndpoint {
  const place = { port: sharedPort, address, callers: `${address}:${sharedPort}` };
  return { host: ownName(spec), virtual: true, ...place };
}

function parsed(endpoint: string): Pick<ApiEndpoint, "host" | "port"> {
  const at = endpoint.lastIndexOf(":");
  return { host: endpoint.slice(0, at), port: Number(endpoint.slice(at + 1)) };
}
