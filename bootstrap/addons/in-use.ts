import type { Addon } from "#bootstrap/addons/addon";
import { ClouderError } from "#core/error";
import type { Kube, KubeObject, Resource } from "#kube/kube";
import { persistentVolumeClaims } from "#kube/resources";

interface PersistentVolume extends KubeObject {
  readonly spec: { readonly csi?: { readonly driver: string } };
}
interface Ingress extends KubeObject {
  readonly spec: { readonly ingressClassName?: string };
}

const persistentVolumes: Resource<PersistentVolume> = {
  ...{ apiVersion: "v1", kind: "PersistentVolume" },
  ...{ plural: "persistentvolumes", namespaced: false },
};
const ingresses: Resource<Ingress> = {
  ...{ apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
  ...{ plural: "ingresses", namespaced: true },
};

/** `refused` while claims, volumes or ingresses need what a release is made of. */
export async function refuseInUse(
  addon: Addon,
  objects: readonly KubeObject[],
  kube: Kube,
): Promise<void> {
  const names = (kind: string) =>
    new Set(objects.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name));
  const users = [
    ...(await usersIn(kube, persistentVolumes, names("CSIDriver"), ({ spec }) => spec.csi?.driver)),
    ...(await usersIn(
      kube,
      persistentVolumeClaims,
      names("StorageClass"),
      ({ spec }) => spec.storageClassName,
    )),
    ...(await usersIn(kube, ingresses, names("IngressClass"), ({ spec }) => spec.ingressClassName)),
  ];
  if (users.length === 0) return;
  const some = users.slice(0, 5).join(", ");
  const more = users.length > 5 ? ` and ${users.length - 5} more` : "";
  throw new ClouderError("refused", `${addon.name} is in use: ${some}${more}`, {
    hint: "move or delete these first: without it nobody serves them",
  });
}

async function usersIn<T extends KubeObject>(
  kube: Kube,
  resource: Resource<T>,
  names: ReadonlySet<string>,
  used: (object: T) => string | undefined,
): Promise<readonly string[]> {
  if (names.size === 0) return [];
  const found = await kube.list(resource);
  return found
    .filter((one) => names.has(used(one) ?? ""))
    .map(({ metadata: { namespace, name } }) => {
      const kind = resource.kind.toLowerCase();
      return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
    });
}
