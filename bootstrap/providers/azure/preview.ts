import { balancerKinds } from "./balancer.ts";
import { images } from "./image-table.ts";
import { wantsNat } from "./network.ts";
import { wantedRules } from "./rules.ts";
import { parseAzureSettings, type AzureSettings } from "./settings.ts";
import { isSpot, sizeFor } from "#bootstrap/providers/machine-size";
import type { ProviderContext, WantedMachine } from "#bootstrap/providers/provider";

/** The calls that would make a cluster where nothing is yet, one a line; nobody is asked. */
export function previewCalls(
  { spec: { name: cluster, provider } }: Pick<ProviderContext, "spec">,
  wanted: readonly WantedMachine[],
): readonly string[] {
  const settings = parseAzureSettings(provider.settings);
  const nat = wantsNat(settings);
  return [
    `in ${settings.region ?? "the region of --region"}, all with the tags clouder-cluster=${cluster} and clouder-role:`,
    settings.resourceGroup === undefined
      ? `create the resource group ${cluster}-rg`
      : `use the resource group ${settings.resourceGroup}, or create it`,
    ...(nat ? [`create the address ${cluster}-nat-ip and the NAT gateway ${cluster}-nat`] : []),
    ...firewall(cluster, settings),
    settings.subnet === undefined
      ? `create the virtual network ${cluster}-vnet ${settings.vnetCIDR} with ${cluster}-subnet ${settings.subnetCIDR}, no default way out`
      : `use the subnet ${settings.subnet}, left as it is`,
    ...balancerKinds(settings).map(
      (kind) => `create the ${kind} load balancer of the API server, TCP 6443, probe /readyz`,
    ),
    `create the identity ${cluster}-identity, Contributor on the resource group`,
    `take the newest image of ${images[settings.image]?.title ?? settings.image}, recorded`,
    ...wanted.flatMap((one) => machine(one, settings)),
  ];
}

function firewall(cluster: string, settings: AzureSettings): readonly string[] {
  const people =
    settings.allowCIDRs.length > 0
      ? settings.allowCIDRs
      : [settings.private ? settings.vnetCIDR : "this machine's address"];
  return [
    `create the network security group ${cluster}-nsg`,
    ...wantedRules({ people, ingress: settings.ingress }).map(
      ({ name, priority, access, protocol, ports, from, to }) => {
        const source =
          "cidrs" in from ? from.cidrs.join(", ") : "group" in from ? from.group : from.tag;
        return `rule ${priority} ${name}: ${access.toLowerCase()} ${protocol.toLowerCase()} ${ports.join(", ")} from ${source} to ${to}`;
      },
    ),
  ];
}

function machine(wanted: WantedMachine, settings: AzureSettings): readonly string[] {
  const { name } = wanted;
  const spot = isSpot(wanted, settings) ? "spot, " : "";
  return [
    ...(settings.private ? [] : [`create the address ${name}-ip, Standard, static`]),
    `create the network interface ${name}-nic, IP forwarding on`,
    `create the machine ${name} ${sizeFor(wanted, settings)}, ${spot}${settings.osDiskSize} GB disk, trusted launch, deleted with its disk and interface`,
  ];
}
