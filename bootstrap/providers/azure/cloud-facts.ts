import { tagKeys } from "./identity.ts";
import { kinds } from "./kinds.ts";
import { giveRole } from "./roles.ts";
import { findThing, idOf, subscriptionBy, type Workplace } from "./site.ts";
import type { AzureFacts } from "#bootstrap/clouds/cloud-facts";
import { ClouderError } from "#core/error";

/** What Azure's controllers are told; their identity gets its role when it has lost it. */
export async function azureFacts(place: Workplace): Promise<AzureFacts> {
  const { session, identity, settings, subscription, resourceGroup, region } = place;
  const { cluster, uid } = identity;
  const found = await findThing(place, kinds.identity, `${cluster}-identity`);
  if (!found) {
    throw new ClouderError("not-found", `the identity ${cluster}-identity is not there`, {
      hint: `make it again: kubectl clouder cluster create ${cluster}`,
    });
  }
  const missingRole = await giveRole(place, found);
  const { tenantId = "" } = await subscriptionBy(session, subscription);
  return {
    ...{ cloud: "azure", subscription, resourceGroup, region, tenant: tenantId },
    environment: environmentAt(session.endpoint),
    network: networkOf(
      settings.subnet ??
        `${idOf(place, kinds.network, `${cluster}-vnet`)}/subnets/${cluster}-subnet`,
    ),
    firewall: `${cluster}-nsg`,
    identity: found.id,
    tags: { [tagKeys.cluster]: cluster, [tagKeys.uid]: uid },
    ...(missingRole !== undefined && { missingRole }),
  };
}

/** Names that Azure's controllers know the clouds by. */
function environmentAt(endpoint: string): string {
  if (endpoint.includes("usgovcloudapi")) return "AzureUSGovernmentCloud";
  return endpoint.includes("chinacloudapi") ? "AzureChinaCloud" : "AzurePublicCloud";
}

function networkOf(subnet: string): AzureFacts["network"] {
  const part = (kind: string) => new RegExp(`/${kind}/([^/]+)`, "i").exec(subnet)?.[1] ?? "";
  return {
    group: part("resourceGroups"),
    ...{ name: part("virtualNetworks"), subnet: part("subnets") },
  };
}
