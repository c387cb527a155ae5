import type { AzureFacts } from "#bootstrap/clouds/cloud-facts";

/**
 * The one file that Azure's controllers and storage drivers read. They act with the identity of the
 * machine that they run on, so that no secret is in it.
 */
export function azureConfig(facts: AzureFacts): string {
  const { environment, tenant, subscription, resourceGroup, region, network, identity } = facts;
  const config = {
    cloud: environment,
    tenantId: tenant,
    subscriptionId: subscription,
    resourceGroup,
    location: region,
    vmType: "standard",
    vnetName: network.name,
    vnetResourceGroup: network.group,
    subnetName: network.subnet,
    securityGroupName: facts.firewall,
    securityGroupResourceGroup: resourceGroup,
    tagsMap: facts.tags,
    loadBalancerSku: "standard",
    // Machines have ways out of their own: balancers of Services need to be none.
    disableOutboundSNAT: true,
    useInstanceMetadata: true,
    useManagedIdentityExtension: true,
    userAssignedIdentityID: identity,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** The Secret in which Azure's storage drivers look first. */
export function azureConfigSecret(facts: AzureFacts): object {
  return {
    ...{ apiVersion: "v1", kind: "Secret", type: "Opaque" },
    metadata: { name: "azure-cloud-provider", namespace: "kube-system" },
    data: { "cloud-config": Buffer.from(azureConfig(facts)).toString("base64") },
  };
}
