import type { Shape } from "./shape.ts";
import { envelope } from "./shapes-network.ts";

const text = "text";
const truth = "truth";
const number = "number";
const served = ["id", "name", "type", "etag", "provisioningState", "vmId", "timeCreated"] as const;
const deleteOption: Shape = { choice: ["Delete", "Detach"] };

const managedDisk: Shape = {
  fields: {
    id: text,
    storageAccountType: {
      choice: ["Standard_LRS", "StandardSSD_LRS", "Premium_LRS", "StandardSSD_ZRS", "Premium_ZRS"],
    },
    diskEncryptionSet: "reference",
    securityProfile: "any",
  },
};

const storageProfile: Shape = {
  fields: {
    imageReference: {
      fields: { id: text, publisher: text, offer: text, sku: text, version: text },
      readOnly: ["exactVersion"],
    },
    osDisk: {
      fields: {
        name: text,
        osType: { choice: ["Linux", "Windows"] },
        createOption: { choice: ["FromImage", "Attach", "Empty"] },
        caching: { choice: ["None", "ReadOnly", "ReadWrite"] },
        diskSizeGB: number,
        deleteOption,
        managedDisk,
        writeAcceleratorEnabled: truth,
      },
      required: ["createOption"],
    },
    dataDisks: "any",
    diskControllerType: { choice: ["SCSI", "NVMe"] },
  },
};

const osProfile: Shape = {
  fields: {
    computerName: text,
    adminUsername: text,
    adminPassword: text,
    customData: text,
    allowExtensionOperations: truth,
    requireGuestProvisionSignal: truth,
    secrets: "any",
    linuxConfiguration: {
      fields: {
        disablePasswordAuthentication: truth,
        provisionVMAgent: truth,
        patchSettings: "any",
        ssh: {
          fields: { publicKeys: { list: { fields: { path: text, keyData: text } } } },
        },
      },
    },
  },
};

/** Bodies of Microsoft.Compute and Microsoft.ManagedIdentity by type. */
export const computeShapes: Readonly<Record<string, Shape>> = {
  virtualMachines: envelope(
    {
      fields: {
        hardwareProfile: { fields: { vmSize: text, vmSizeProperties: "any" } },
        storageProfile,
        osProfile,
        networkProfile: {
          fields: {
            networkApiVersion: text,
            networkInterfaces: {
              list: {
                fields: { id: text, properties: { fields: { primary: truth, deleteOption } } },
                required: ["id"],
              },
            },
          },
        },
        securityProfile: {
          fields: {
            securityType: { choice: ["TrustedLaunch", "ConfidentialVM", "Standard"] },
            uefiSettings: { fields: { secureBootEnabled: truth, vTpmEnabled: truth } },
            encryptionAtHost: truth,
          },
        },
        diagnosticsProfile: {
          fields: { bootDiagnostics: { fields: { enabled: truth, storageUri: text } } },
        },
        additionalCapabilities: "any",
        availabilitySet: "reference",
        priority: { choice: ["Regular", "Low", "Spot"] },
        evictionPolicy: { choice: ["Deallocate", "Delete"] },
        billingProfile: { fields: { maxPrice: number } },
        userData: text,
      },
      readOnly: [...served, "instanceView"],
    },
    {
      zones: { list: text },
      identity: {
        fields: {
          type: { choice: ["None", "SystemAssigned", "UserAssigned"] },
          userAssignedIdentities: { map: { fields: {}, readOnly: ["principalId", "clientId"] } },
        },
        readOnly: ["principalId", "tenantId"],
      },
    },
  ),
  availabilitySets: envelope(
    {
      fields: {
        platformFaultDomainCount: number,
        platformUpdateDomainCount: number,
        proximityPlacementGroup: "any",
      },
      readOnly: ["virtualMachines", "statuses"],
    },
    { sku: { fields: { name: { choice: ["Aligned", "Classic"] } } } },
  ),
  disks: envelope(
    {
      fields: {
        creationData: {
          fields: { createOption: text, imageReference: "any", sourceResourceId: text },
          required: ["createOption"],
        },
        diskSizeGB: number,
        osType: text,
        hyperVGeneration: text,
        networkAccessPolicy: text,
        publicNetworkAccess: text,
      },
      required: ["creationData"],
      readOnly: [...served, "diskState", "uniqueId", "diskSizeBytes"],
    },
    { sku: { fields: { name: text } }, zones: { list: text } },
  ),
};

export const identityShape: Shape = envelope({
  fields: { isolationScope: text },
  readOnly: ["tenantId", "principalId", "clientId"],
});

export const roleAssignmentShape: Shape = {
  fields: {
    properties: {
      fields: {
        roleDefinitionId: text,
        principalId: text,
        principalType: { choice: ["User", "Group", "ServicePrincipal", "ForeignGroup", "Device"] },
        description: text,
        condition: text,
        conditionVersion: text,
      },
      required: ["roleDefinitionId", "principalId"],
      readOnly: ["scope", "createdOn", "updatedOn"],
    },
  },
  required: ["properties"],
};

export const groupShape: Shape = {
  fields: { location: text, tags: { map: text }, managedBy: text },
  required: ["location"],
  readOnly: ["id", "name", "type", "properties"],
};
