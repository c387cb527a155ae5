import {
  containerEndpoints,
  endpointAccount,
  endpointLabel,
  lastHeard,
  type ContainerEndpoint,
} from "#checkpoint/api/endpoint";
import { whenInstalled } from "#checkpoint/engine/installed";
import type { Kube } from "#kube/kube";
import { leases } from "#kube/resources";

/** An endpoint and when it was last heard. */
export interface SeenEndpoint {
  readonly endpoint: ContainerEndpoint;
  readonly heard: number | undefined;
}

/** Endpoints of one namespace, or of all; with a class those that take such workloads now. */
export async function listEndpoints(
  kube: Kube,
  wanted: { readonly namespace: string | undefined; readonly workloadClass?: string | undefined },
): Promise<readonly SeenEndpoint[]> {
  const { namespace, workloadClass } = wanted;
  const all = await whenInstalled(kube.list(containerEndpoints, { namespace }));
  const beats = await kube.list(leases, { namespace, labelSelector: endpointLabel });
  return all
    .filter(
      ({ status }) =>
        workloadClass === undefined || (status?.availableFor ?? []).includes(workloadClass),
    )
    .map((endpoint) => {
      const name = endpointAccount(endpoint.metadata.name);
      const lease = beats.find(
        ({ metadata }) =>
          metadata.name === name && metadata.namespace === endpoint.metadata.namespace,
      );
      return { endpoint, heard: lastHeard(lease) };
    });
}

/** One endpoint; `not-found` when there is none. */
export async function findEndpoint(
  kube: Kube,
  at: { readonly namespace: string; readonly name: string },
): Promise<SeenEndpoint> {
  const endpoint = await whenInstalled(kube.get(containerEndpoints, at));
  const { namespace } = at;
  const beats = await kube.list(leases, {
    namespace,
    labelSelector: `${endpointLabel}=${at.name}`,
  });
  return { endpoint, heard: lastHeard(beats[0]) };
}

/** Takes an endpoint away; its identity and its tokens go with it. */
export async function deleteEndpoint(
  kube: Kube,
  at: { readonly namespace: string; readonly name: string },
): Promise<void> {
  await whenInstalled(kube.get(containerEndpoints, at));
  await kube.remove(containerEndpoints, at);
}
