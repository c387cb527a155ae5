import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { isDeepStrictEqual } from "node:util";
import {
  capabilitiesAnnotation,
  containerEndpoints,
  endpointAccount,
  endpointLabel,
  lastHeard,
  missedBeats,
  readCapabilities,
  troubleAnnotation,
  type Capabilities,
  type ContainerEndpoint,
  type EndpointStatus,
} from "#checkpoint/api/endpoint";
import { observed } from "#checkpoint/api/failed-status";
import { hasCode } from "#core/error";
import { withCondition } from "#kube/conditions";
import type { Kube } from "#kube/kube";
import { leases, type Lease } from "#kube/resources";

/** Addresses of a host; rejects when it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** As this machine resolves names. */
export const resolveHost: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** A clock that is further ahead is not believed. */
const mostAheadMs = 60_000;

/** Tells of every ContainerEndpoint whether it is ready, from its heartbeats and its URL's addresses. */
export async function judgeEndpoints(kube: Kube, now: number, resolve: Resolve): Promise<void> {
  const endpoints = await kube.list(containerEndpoints).catch((error: unknown) => {
    // An installation from before this kind.
    if (hasCode(error, "not-found")) return [];
    throw error;
  });
  if (endpoints.length === 0) return;
  const beats = await kube.list(leases, { labelSelector: endpointLabel });
  for (const endpoint of endpoints) {
    const { name, namespace = "" } = endpoint.metadata;
    const lease = beats.find(
      ({ metadata }) => metadata.namespace === namespace && metadata.name === endpointAccount(name),
    );
    const status = endpointStatus(endpoint, lease, {
      now,
      addresses: await addressesOf(endpoint, resolve),
    });
    if (isDeepStrictEqual(status, endpoint.status)) continue;
    const patch = { status: replacing(endpoint.status, status) };
    await kube
      .patch(containerEndpoints, { namespace, name }, patch, "status")
      .catch((error: unknown) => {
        // Deleted in between.
        if (!hasCode(error, "not-found")) throw error;
      });
  }
}

/** The status that an endpoint's heartbeats and addresses deserve. */
export function endpointStatus(
  endpoint: ContainerEndpoint,
  lease: Lease | undefined,
  seen: { readonly now: number; readonly addresses: readonly string[] },
): EndpointStatus {
  const annotations = lease?.metadata.annotations ?? {};
  const capabilities = readCapabilities(annotations[capabilitiesAnnotation]);
  const verdict = judge(endpoint, lease, capabilities, seen);
  const ready = verdict.reason === "Heard";
  const next = {
    type: "Ready",
    status: ready ? "True" : "False",
    ...verdict,
    ...observed(endpoint),
  } as const;
  const at = new Date(seen.now).toISOString();
  return {
    ...observed(endpoint),
    ...(capabilities && { capabilities }),
    availableFor: ready ? endpoint.spec.workloadClasses : [],
    conditions: withCondition(endpoint.status?.conditions, next, at),
  };
}

interface Verdict {
  readonly reason: string;
  readonly message: string;
}

function judge(
  { spec }: ContainerEndpoint,
  lease: Lease | undefined,
  capabilities: Capabilities | undefined,
  { now, addresses }: { readonly now: number; readonly addresses: readonly string[] },
): Verdict {
  const outside = outsideOf(spec.allowedCIDRs, addresses);
  if (outside !== undefined) return { reason: "OutsideNetwork", message: outside };
  const heard = lastHeard(lease);
  if (heard === undefined) return { reason: "NeverHeard", message: "no heartbeat yet" };
  if (heard > now + mostAheadMs) {
    return { reason: "ClockAhead", message: "its clock is more than a minute ahead: set it" };
  }
  const most = spec.heartbeatSeconds * missedBeats;
  if (now - heard > most * 1000) {
    return { reason: "Silent", message: `no heartbeat for more than ${String(most)} s` };
  }
  if (capabilities === undefined) {
    return { reason: "NoCapabilities", message: "its heartbeat does not say what it can take" };
  }
  const trouble = lease?.metadata.annotations?.[troubleAnnotation] ?? "";
  if (trouble !== "") return { reason: "Unhealthy", message: trouble.slice(0, 500) };
  return { reason: "Heard", message: `heard every ${String(spec.heartbeatSeconds)} s` };
}

/** Why the addresses are not the ones that are allowed. */
function outsideOf(
  cidrs: readonly string[] | undefined,
  addresses: readonly string[],
): string | undefined {
  if (cidrs === undefined || cidrs.length === 0) return undefined;
  if (addresses.length === 0) return "its URL's host has no address";
  const allowed = new BlockList();
  for (const cidr of cidrs) {
    const [network = "", prefix = ""] = cidr.split("/");
    try {
      allowed.addSubnet(network, Number(prefix), family(network));
    } catch {
      return `spec.allowedCIDRs has ${cidr}, which is no network`;
    }
  }
  const stray = addresses.find((one) => !allowed.check(one, family(one)));
  return stray && `its URL leads to ${stray}, outside of ${cidrs.join(", ")}`;
}

const family = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");

async function addressesOf(
  { spec }: ContainerEndpoint,
  resolve: Resolve,
): Promise<readonly string[]> {
  if ((spec.allowedCIDRs ?? []).length === 0) return [];
  const host = (URL.parse(spec.url)?.hostname ?? "").replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0) return [host];
  return await resolve(host).catch(() => []);
}

/** A merge patch that also takes away what is claimed no longer. */
function replacing(before: EndpointStatus | undefined, status: EndpointStatus): object {
  const { capabilities } = status;
  if (!capabilities) return { ...status, capabilities: null };
  const gone = Object.keys(before?.capabilities?.labels ?? {}).map((key) => [key, null]);
  const labels = { ...(Object.fromEntries(gone) as object), ...capabilities.labels };
  return { ...status, capabilities: { ...capabilities, labels } };
}
