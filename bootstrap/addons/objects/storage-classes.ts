import type { AddonInput } from "#bootstrap/addons/addon";
import { azureFactsOf } from "#bootstrap/addons/cloud-input";
import type { AdmissionPolicy, StorageClass } from "#kube/resources";

const storage = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" } as const;
const standard = { "storageclass.kubernetes.io/is-default-class": "true" };

/** Disks: the class of volumes when a claim names none. */
export const managedDisks: StorageClass = {
  ...storage,
  metadata: { name: "managed-csi", annotations: standard },
  provisioner: "disk.csi.azure.com",
  parameters: { skuName: "StandardSSD_LRS" },
  reclaimPolicy: "Delete",
  volumeBindingMode: "WaitForFirstConsumer",
  allowVolumeExpansion: true,
};

/**
 * File shares over NFS, which many nodes write to. Each claim gets a share of its own: one that the
 * class named would be everybody's. The driver opens the storage account to the machines' subnet.
 */
export function azureNfs(input: AddonInput): StorageClass {
  const { subscription, resourceGroup, region, network } = azureFactsOf(input);
  return {
    ...{ ...storage, metadata: { name: "azure-nfs" }, provisioner: "file.csi.azure.com" },
    parameters: {
      ...{ protocol: "nfs", skuName: "Premium_LRS" },
      ...{ subscriptionID: subscription, resourceGroup, location: region },
      vnetResourceGroup: network.group,
      vnetName: network.name,
      subnetName: network.subnet,
    },
    mountOptions: ["nconnect=4", "noresvport", "actimeo=30"],
    reclaimPolicy: "Delete",
    volumeBindingMode: "Immediate",
    allowVolumeExpansion: true,
  };
}

/** A disk is one node's: a claim of it for many would wait for ever, so that it is refused at once. */
export function oneNodeOnly(className: string): readonly AdmissionPolicy[] {
  const admission = "admissionregistration.k8s.io/v1";
  const name = `clouder-one-node-${className}`;
  const validations = [
    {
      expression:
        `object.spec.?storageClassName.orValue("") != "${className}" || ` +
        'object.spec.?volumeMode.orValue("Filesystem") == "Block" || ' +
        '!object.spec.accessModes.exists(mode, mode in ["ReadWriteMany", "ReadOnlyMany"])',
      message: `volumes of the class ${className} are disks of one node: ask for ReadWriteOnce, or choose a class of shared files`,
    },
  ];
  return [
    {
      ...{ apiVersion: admission, kind: "ValidatingAdmissionPolicy", metadata: { name } },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            {
              ...{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"] },
              resources: ["persistentvolumeclaims"],
            },
          ],
        },
        validations,
      },
    },
    {
      ...{ apiVersion: admission, kind: "ValidatingAdmissionPolicyBinding", metadata: { name } },
      spec: { policyName: name, validationActions: ["Deny"] },
    },
  ];
}
