import type { StorageClass } from "#kube/storage";
import { blockStorageClasses } from "#webhook/api/names";

/** Provisioners of disks: one node at a time, whatever a claim asks for. */
const blockProvisioners: readonly string[] = [
  "ebs.csi.aws.com",
  "kubernetes.io/aws-ebs",
  "disk.csi.azure.com",
  "kubernetes.io/azure-disk",
  "pd.csi.storage.gke.io",
  "kubernetes.io/gce-pd",
  "cinder.csi.openstack.org",
  "kubernetes.io/cinder",
  "rbd.csi.ceph.com",
  "rook-ceph.rbd.csi.ceph.com",
  "topolvm.io",
  "local.csi.openebs.io",
  "rancher.io/local-path",
  "dobs.csi.digitalocean.com",
  "csi.hetzner.cloud",
];

/**
 * Why a claim with these access modes will never be bound by this class; undefined when it may. A
 * disk's claim of ReadWriteMany would be pending for ever, or refused after the pod was placed.
 */
export function refusedModes(
  { metadata, provisioner }: StorageClass,
  modes: readonly string[],
): string | undefined {
  const shared = modes.find((mode) => mode === "ReadWriteMany" || mode === "ReadOnlyMany");
  if (shared === undefined) return undefined;
  const isBlock =
    blockProvisioners.includes(provisioner) || blockStorageClasses.includes(metadata.name);
  return isBlock
    ? `StorageClass ${metadata.name} (${provisioner}) gives disks, which cannot be ${shared}; use ReadWriteOnce, or a class of a shared file system such as azure-nfs, aws-efs or ceph-filesystem`
    : undefined;
}
