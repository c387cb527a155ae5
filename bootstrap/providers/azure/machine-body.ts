import type { MachineImage } from "./images.ts";
import type { AzureSettings } from "./settings.ts";
import type { Size } from "./sizes.ts";
import { isSpot } from "#bootstrap/providers/machine-size";
import type { VirtualMachine } from "@azure/arm-compute";
import type { WantedMachine } from "#bootstrap/providers/provider";

/** What all machines of one role have in common. */
export interface MachineKind {
  readonly size: Size;
  readonly image: MachineImage;
  readonly settings: AzureSettings;
  readonly publicKey: string;
  /** Of control planes only: their controllers act with it. */
  readonly identity?: string;
  /** Address of an internal load balancer. */
  readonly balancer?: string;
}

/** Where one machine goes. */
export interface MachinePlace {
  readonly nic: string;
  readonly zone?: string;
  readonly set?: string;
}

/** The body that makes a machine; what it has goes when it goes. */
export function machineBody(
  wanted: WantedMachine,
  kind: MachineKind,
  place: MachinePlace,
): Omit<VirtualMachine, "location"> {
  const { name } = wanted;
  const { size, image, settings, publicKey, identity, balancer } = kind;
  const path = `/home/${settings.user}/.ssh/authorized_keys`;
  return {
    ...(place.zone !== undefined && { zones: [place.zone] }),
    ...(identity !== undefined && {
      identity: { type: "UserAssigned", userAssignedIdentities: { [identity]: {} } },
    }),
    hardwareProfile: { vmSize: size.name },
    storageProfile: {
      imageReference: image,
      osDisk: {
        ...{ name: diskOf(name), osType: "Linux", createOption: "FromImage" },
        ...{ caching: "ReadWrite", diskSizeGB: settings.osDiskSize, deleteOption: "Delete" },
        managedDisk: { storageAccountType: "Premium_LRS" },
      },
    },
    osProfile: {
      ...{ computerName: name, adminUsername: settings.user },
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        ssh: { publicKeys: [{ path, keyData: publicKey }] },
      },
      ...(balancer !== undefined && { customData: ownAddress(balancer) }),
    },
    networkProfile: {
      networkInterfaces: [{ id: place.nic, primary: true, deleteOption: "Delete" }],
    },
    ...(size.trustedLaunch && {
      securityProfile: {
        securityType: "TrustedLaunch",
        uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
      },
    }),
    diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    ...(place.set !== undefined && { availabilitySet: { id: place.set } }),
    ...(isSpot(wanted, settings) && {
      ...{ priority: "Spot", evictionPolicy: "Delete", billingProfile: { maxPrice: -1 } },
    }),
  };
}

/** Name of a machine's disk. */
export const diskOf = (machine: string): string => `${machine}-disk`;

/**
 * An internal load balancer of Azure does not lead a machine back to itself: every control plane has
 * the address on its loopback, and answers there.
 */
function ownAddress(address: string): string {
  const unit = [
    "[Unit]",
    "Description=Address of the API server's load balancer, for this machine itself",
    "Before=kubelet.service",
    "[Service]",
    "Type=oneshot",
    "RemainAfterExit=yes",
    `ExecStart=/sbin/ip address replace ${address}/32 dev lo`,
    "[Install]",
    "WantedBy=multi-user.target",
  ];
  const lines = [
    "#cloud-config",
    "write_files:",
    "  - path: /etc/systemd/system/clouder-api-address.service",
    "    content: |",
    ...unit.map((line) => `      ${line}`),
    "runcmd:",
    "  - [systemctl, enable, --now, clouder-api-address.service]",
  ];
  return Buffer.from(`${lines.join("\n")}\n`).toString("base64");
}
