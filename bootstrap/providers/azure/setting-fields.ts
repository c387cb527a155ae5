import { images } from "./image-table.ts";
import { cloudFields, like, networkPattern } from "#bootstrap/providers/cloud-fields";
import { choiceField, listField, numberField, objectField, textField } from "#bootstrap/spec/field";

const size = like(/^[A-Z][A-Za-z]+_[A-Za-z0-9_-]+$/, "Standard_D4s_v5");

/** `spec.provider.settings` of the azure provider. */
export const azureSettingFields = objectField(
  { description: "Machines of Azure." },
  {
    subscription: textField(
      { description: "Subscription; left out: that of the environment or `azure configure`." },
      like(
        /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
        "00000000-0000-0000-0000-000000000000",
      ),
    ),
    region: textField({ description: "Region." }, like(/^[a-z][a-z0-9]+$/, "eastus")),
    resourceGroup: textField(
      { description: "A resource group of yours, which stays; left out: one is made." },
      like(/^[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]$/, "my-group"),
    ),
    controlPlaneSize: textField(
      { description: "Size of control planes.", default: "Standard_B4ms" },
      size,
    ),
    workerSize: textField(
      { description: "Size of workers; left out: that of control planes." },
      size,
    ),
    image: choiceField(
      { description: "System of the machines.", default: "Ubuntu2204" },
      Object.keys(images),
    ),
    user: textField(
      { description: "Account that is made on the machines.", default: "azureuser" },
      like(/^[a-z_][a-z0-9_-]{0,31}$/, "azureuser"),
    ),
    key: textField({
      description: "Private key file, its .pub beside it; left out: a new key for the cluster.",
      example: "~/.ssh/id_ed25519",
    }),
    osDiskSize: numberField({
      ...{ description: "GB of each machine's disk.", default: 100, least: 30, most: 4095 },
    }),
    vnetCIDR: textField(
      { description: "Virtual network of the machines.", default: "10.0.0.0/16" },
      networkPattern,
    ),
    subnetCIDR: textField(
      { description: "Subnet of the machines, inside of it.", default: "10.0.0.0/24" },
      networkPattern,
    ),
    subnet: textField(
      { description: "Id of a subnet that is there, instead of a network of the cluster's own." },
      like(
        /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/,
        "/subscriptions/ID/resourceGroups/my-group/providers/Microsoft.Network/virtualNetworks/my-vnet/subnets/my-subnet",
      ),
    ),
    zones: listField(
      { description: "Zones to use; left out: those that offer the sizes." },
      textField({ description: "A zone." }, like(/^[1-9]$/, "1")),
    ),
    ...cloudFields,
  },
);
