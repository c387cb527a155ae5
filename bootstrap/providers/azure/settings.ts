import { azureSettingFields } from "./setting-fields.ts";
import { parseHost, type Host } from "#bootstrap/providers/ssh/settings";
import { checkAllowed, lastingDifference as difference } from "#bootstrap/providers/cloud-settings";
import { parseNetwork } from "#bootstrap/spec/cidr";
import { wrongField } from "#bootstrap/spec/document";

/** `spec.provider.settings` of the azure provider. */
export interface AzureSettings {
  /** Absent: AZURE_SUBSCRIPTION_ID, the file of `azure configure`, or the only one there is. */
  readonly subscription?: string;
  /** Absent before the first create: an error, never a silent default. */
  readonly region?: string;
  /** A group of the user's is used and left there; absent: `<cluster>-rg`, made and deleted. */
  readonly resourceGroup?: string;
  readonly controlPlaneSize: string;
  readonly workerSize: string;
  /** A name of the image table. */
  readonly image: string;
  readonly user: string;
  /** Private key file; its `.pub` is let in. Absent: the cluster gets a key of its own. */
  readonly key?: string;
  readonly osDiskSize: number;
  readonly vnetCIDR: string;
  readonly subnetCIDR: string;
  /** Id of a subnet that is there already. */
  readonly subnet?: string;
  readonly zones: readonly string[];
  /** Machines without public addresses, behind a NAT gateway. */
  readonly private: boolean;
  /** Through which machines are reached; with `private`. */
  readonly jumpHost?: Host;
  /** Workers as spot machines. */
  readonly spot: boolean;
  /** Who may reach SSH and the API server; empty: the caller's address. */
  readonly allowCIDRs: readonly string[];
  /** Opens 80, 443 and the NodePorts to `allowCIDRs`. */
  readonly ingress: boolean;
}

const path = "spec.provider.settings";
const standardSize = "Standard_B4ms";

type Read = Partial<NonNullable<ReturnType<typeof azureSettingFields.read>>>;

/** Reads the settings; `config` names the field that is wrong. */
export function parseAzureSettings(settings: Readonly<Record<string, unknown>>): AzureSettings {
  const read: Read = azureSettingFields.read({ path, value: settings }) ?? {};
  const parsed: AzureSettings = {
    ...optional(read),
    ...machines(read),
    ...network(read),
    ...(read.jumpHost !== undefined && {
      jumpHost: parseHost(read.jumpHost, `${path}.jumpHost`),
    }),
  };
  checkNetworks(parsed);
  checkAllowed(parsed.allowCIDRs, path);
  if (forbiddenUsers.has(parsed.user)) {
    throw wrongField(`${path}.user`, `"${parsed.user}" is refused by Azure`, "use azureuser");
  }
  if (parsed.jumpHost && !parsed.private) {
    throw wrongField(`${path}.jumpHost`, "is for machines without public addresses", "add private");
  }
  return parsed;
}

/** Azure makes no administrators of these names. */
const forbiddenUsers: ReadonlySet<string> = new Set(["root", "admin", "administrator", "user"]);

function machines({ controlPlaneSize = standardSize, ...read }: Read) {
  const { workerSize = controlPlaneSize, image = "Ubuntu2204", osDiskSize = 100 } = read;
  const { user = "azureuser", spot = false } = read;
  return { controlPlaneSize, workerSize, image, osDiskSize, user, spot };
}

function network({ vnetCIDR = "10.0.0.0/16", ...read }: Read) {
  const { subnetCIDR = vnetCIDR.replace(/\/(\d|1\d|2[0-3])$/, "/24") } = read;
  const { zones = [], allowCIDRs = [], ingress = false, private: hidden = false } = read;
  return { vnetCIDR, subnetCIDR, zones, allowCIDRs, ingress, private: hidden };
}

/** Settings without a default; absent ones are left out. */
function optional({ subscription, region, resourceGroup, key, subnet }: Read) {
  return {
    ...(subscription !== undefined && { subscription }),
    ...(region !== undefined && { region }),
    ...(resourceGroup !== undefined && { resourceGroup }),
    ...(key !== undefined && { key }),
    ...(subnet !== undefined && { subnet }),
  };
}

function checkNetworks({ vnetCIDR, subnetCIDR }: AzureSettings): void {
  const vnet = parseNetwork(vnetCIDR);
  const subnet = parseNetwork(subnetCIDR);
  if (!vnet || vnet.prefix < 8 || vnet.prefix > 29) {
    throw wrongField(`${path}.vnetCIDR`, `must be a network from /8 to /29, not "${vnetCIDR}"`);
  }
  if (!subnet || subnet.first < vnet.first || subnet.last > vnet.last || subnet.prefix > 29) {
    throw wrongField(
      `${path}.subnetCIDR`,
      `must be a network inside of ${vnetCIDR}, /29 or larger, not "${subnetCIDR}"`,
    );
  }
}

/** The first setting that machines which are there cannot follow. */
export function lastingDifference(
  known: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): string | undefined {
  return difference(parseAzureSettings(known), parseAzureSettings(wanted));
}
