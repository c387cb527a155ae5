import type { AddonInput, Values } from "#bootstrap/addons/addon";

/** What both storage drivers of Azure have in common: only control planes have the identity. */
export function azureDriver({ spec }: AddonInput) {
  return {
    controller: {
      // They are in the network of their machine, on which one port is one pod's.
      replicas: Math.min(2, spec.controlPlane.count),
      runOnControlPlane: true,
      // Without the cluster's settings it could do nothing: it is to end and say so.
      allowEmptyCloudConfig: false,
    },
    windows: { enabled: false },
  };
}

/** The driver of Azure's disks with the controller of snapshots and their class. */
export function azureDiskValues(input: AddonInput): Values {
  return {
    ...azureDriver(input),
    snapshot: {
      enabled: true,
      snapshotController: { replicas: Math.min(2, input.spec.controlPlane.count) },
      VolumeSnapshotClass: { enabled: true, name: "managed-csi" },
    },
  };
}
