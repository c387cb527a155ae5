import type { Kube, KubeObject, ObjectName, Resource } from "#kube/kube";
import { persistentVolumeClaims, pods, services, type Pod } from "#kube/resources";

interface PersistentVolume extends KubeObject {
  readonly spec: {
    readonly csi?: { readonly driver: string };
    readonly persistentVolumeReclaimPolicy?: string;
    readonly claimRef?: { readonly namespace: string; readonly name: string };
  };
  readonly status?: { readonly phase?: string };
}

export const persistentVolumes: Resource<PersistentVolume> = {
  ...{ apiVersion: "v1", kind: "PersistentVolume" },
  ...{ plural: "persistentvolumes", namespaced: false },
};
const ingresses: Resource = {
  ...{ apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
  ...{ plural: "ingresses", namespaced: true },
};

/** Something in a cluster for which a controller made things in the cloud. */
export interface CloudThing {
  /** For people: "service default/web". */
  readonly title: string;
  readonly resource: Resource;
  readonly name: ObjectName;
  /** It was deleted, and its controller is still at it. */
  readonly going: boolean;
}

/** Load balancers and volumes that go when their objects go. */
export async function cloudThings(kube: Kube): Promise<readonly CloudThing[]> {
  const [balanced, entrances, volumes, claims] = await Promise.all([
    kube.list(services),
    kube.list(ingresses),
    kube.list(persistentVolumes),
    kube.list(persistentVolumeClaims),
  ]);
  const kept = new Set(
    volumes.filter((one) => !goesWithClaim(one)).map(({ metadata }) => metadata.name),
  );
  return [
    ...balanced.filter(({ spec }) => spec["type"] === "LoadBalancer").map(thing(services)),
    // One that nobody wants to clean up after has nothing in the cloud.
    ...entrances
      .filter(({ metadata }) => (metadata.finalizers ?? []).length > 0)
      .map(thing(ingresses)),
    ...claims
      .filter(({ spec }) => !kept.has(spec.volumeName ?? ""))
      .map(thing(persistentVolumeClaims)),
    ...volumes
      .filter((one) => goesWithClaim(one) && one.spec.claimRef)
      .map(thing(persistentVolumes)),
  ];
}

/** Volumes of the cloud that stay when everything else goes: their data is wanted. */
export async function keptVolumes(kube: Kube): Promise<readonly string[]> {
  const volumes = await kube.list(persistentVolumes);
  return volumes
    .filter((one) => one.spec.csi && !goesWithClaim(one))
    .map(({ metadata }) => metadata.name);
}

/** Pods on nodes that hold claims back which are to go; others do not start any more. */
export async function podsWith(kube: Kube, claims: readonly CloudThing[]): Promise<readonly Pod[]> {
  const going = new Set(claims.map(({ name }) => `${name.namespace ?? ""}/${name.name}`));
  const all = await kube.list(pods);
  return all
    .filter(({ spec }) => spec.nodeName !== undefined)
    .filter(({ metadata, spec }) =>
      claimsOf(spec).some((claim) => going.has(`${metadata.namespace ?? ""}/${claim}`)),
    );
}

function claimsOf(spec: object): readonly string[] {
  const { volumes = [] } = spec as {
    readonly volumes?: readonly {
      readonly persistentVolumeClaim?: { readonly claimName: string };
    }[];
  };
  return volumes.flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : []));
}

const goesWithClaim = ({ spec }: PersistentVolume): boolean =>
  spec.csi !== undefined && spec.persistentVolumeReclaimPolicy === "Delete";

const thing =
  (resource: Resource) =>
  ({ metadata }: KubeObject): CloudThing => {
    const { name, namespace, deletionTimestamp } = metadata;
    const shown = namespace === undefined ? name : `${namespace}/${name}`;
    return {
      ...{ resource, title: `${resource.kind.toLowerCase()} ${shown}` },
      name: { name, ...(namespace !== undefined && { namespace }) },
      going: deletionTimestamp !== undefined,
    };
  };
