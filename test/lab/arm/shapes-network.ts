import type { Shape } from "./shape.ts";

const text = "text";
const number = "number";
const truth = "truth";
const reference = "reference";
const texts = { list: text } as const;
const references = { list: reference } as const;
const served = ["id", "name", "type", "etag", "provisioningState", "resourceGuid"] as const;
const sku = { fields: { name: text, tier: text } } as const;

/** A resource's envelope around its properties. */
export function envelope(
  properties: Shape,
  extra: Readonly<Record<string, Shape>> = {},
  required: readonly string[] = ["location"],
): Shape {
  return {
    fields: { location: text, tags: { map: text }, properties, ...extra },
    required,
    readOnly: served,
  };
}

/** A named child that may come inside of its parent. */
const child = (properties: Shape, required: readonly string[] = []): Shape => ({
  fields: { id: text, name: text, properties },
  required,
  readOnly: served,
});

const ruleProperties: Shape = {
  fields: {
    description: text,
    protocol: { choice: ["Tcp", "Udp", "Icmp", "Esp", "Ah", "*"] },
    sourcePortRange: text,
    sourcePortRanges: texts,
    destinationPortRange: text,
    destinationPortRanges: texts,
    sourceAddressPrefix: text,
    sourceAddressPrefixes: texts,
    sourceApplicationSecurityGroups: references,
    destinationAddressPrefix: text,
    destinationAddressPrefixes: texts,
    destinationApplicationSecurityGroups: references,
    access: { choice: ["Allow", "Deny"] },
    priority: number,
    direction: { choice: ["Inbound", "Outbound"] },
  },
  required: ["protocol", "access", "direction", "priority"],
  readOnly: served,
};

const subnetProperties: Shape = {
  fields: {
    addressPrefix: text,
    addressPrefixes: texts,
    networkSecurityGroup: reference,
    routeTable: reference,
    natGateway: reference,
    serviceEndpoints: "any",
    serviceEndpointPolicies: references,
    delegations: "any",
    privateEndpointNetworkPolicies: text,
    privateLinkServiceNetworkPolicies: text,
    sharingScope: text,
    defaultOutboundAccess: truth,
  },
  readOnly: [...served, "ipConfigurations", "ipConfigurationProfiles", "purpose"],
};

const ipConfiguration: Shape = child({
  fields: {
    privateIPAddress: text,
    privateIPAllocationMethod: { choice: ["Static", "Dynamic"] },
    privateIPAddressVersion: { choice: ["IPv4", "IPv6"] },
    subnet: "any",
    primary: truth,
    publicIPAddress: {
      fields: {
        id: text,
        properties: { fields: { deleteOption: { choice: ["Delete", "Detach"] } } },
      },
      required: ["id"],
      readOnly: ["location", "tags", "sku", "zones", ...served],
    },
    applicationSecurityGroups: references,
    loadBalancerBackendAddressPools: references,
    loadBalancerInboundNatRules: references,
  },
  readOnly: [...served, "privateLinkConnectionProperties"],
});

const frontend: Shape = {
  fields: {
    id: text,
    name: text,
    zones: texts,
    properties: {
      fields: {
        privateIPAddress: text,
        privateIPAllocationMethod: { choice: ["Static", "Dynamic"] },
        privateIPAddressVersion: text,
        subnet: reference,
        publicIPAddress: reference,
      },
      readOnly: [...served, "loadBalancingRules", "inboundNatRules", "outboundRules"],
    },
  },
  required: ["name"],
  readOnly: served,
};

const probe: Shape = child(
  {
    fields: {
      protocol: { choice: ["Http", "Tcp", "Https"] },
      port: number,
      intervalInSeconds: number,
      numberOfProbes: number,
      probeThreshold: number,
      requestPath: text,
      noHealthyBackendsBehavior: text,
    },
    required: ["protocol", "port"],
    readOnly: [...served, "loadBalancingRules"],
  },
  ["name"],
);

const balancingRule: Shape = child(
  {
    fields: {
      frontendIPConfiguration: reference,
      backendAddressPool: reference,
      backendAddressPools: references,
      probe: reference,
      protocol: { choice: ["Udp", "Tcp", "All"] },
      loadDistribution: text,
      frontendPort: number,
      backendPort: number,
      idleTimeoutInMinutes: number,
      enableFloatingIP: truth,
      enableTcpReset: truth,
      disableOutboundSnat: truth,
      enableConnectionTracking: truth,
    },
    required: ["protocol", "frontendPort"],
    readOnly: served,
  },
  ["name"],
);

/** Bodies of Microsoft.Network by type. */
export const networkShapes: Readonly<Record<string, Shape>> = {
  virtualNetworks: envelope({
    fields: {
      addressSpace: { fields: { addressPrefixes: texts }, required: ["addressPrefixes"] },
      dhcpOptions: { fields: { dnsServers: texts } },
      flowTimeoutInMinutes: number,
      subnets: { list: child(subnetProperties, ["name"]) },
      virtualNetworkPeerings: "any",
      enableDdosProtection: truth,
      enableVmProtection: truth,
      ddosProtectionPlan: reference,
      encryption: "any",
      privateEndpointVNetPolicies: text,
    },
    required: ["addressSpace"],
    readOnly: served,
  }),
  "virtualNetworks/subnets": child(subnetProperties),
  networkSecurityGroups: envelope({
    fields: { flushConnection: truth, securityRules: { list: child(ruleProperties, ["name"]) } },
    readOnly: [...served, "defaultSecurityRules", "networkInterfaces", "subnets"],
  }),
  "networkSecurityGroups/securityRules": child(ruleProperties),
  applicationSecurityGroups: envelope({ fields: {}, readOnly: served }),
  publicIPAddresses: envelope(
    {
      fields: {
        publicIPAllocationMethod: { choice: ["Static", "Dynamic"] },
        publicIPAddressVersion: { choice: ["IPv4", "IPv6"] },
        dnsSettings: "any",
        ddosSettings: "any",
        ipTags: "any",
        idleTimeoutInMinutes: number,
        deleteOption: { choice: ["Delete", "Detach"] },
      },
      readOnly: [...served, "ipAddress", "ipConfiguration"],
    },
    { sku, zones: texts, extendedLocation: "any" },
  ),
  natGateways: envelope(
    {
      fields: { idleTimeoutInMinutes: number, publicIpAddresses: references },
      readOnly: [...served, "subnets"],
    },
    { sku, zones: texts },
    ["location", "sku"],
  ),
  loadBalancers: envelope(
    {
      fields: {
        frontendIPConfigurations: { list: frontend },
        backendAddressPools: {
          list: child({ fields: {}, readOnly: [...served, "backendIPConfigurations"] }, ["name"]),
        },
        loadBalancingRules: { list: balancingRule },
        probes: { list: probe },
        inboundNatRules: "any",
        inboundNatPools: "any",
        outboundRules: "any",
      },
      readOnly: served,
    },
    { sku, extendedLocation: "any" },
  ),
  networkInterfaces: envelope(
    {
      fields: {
        networkSecurityGroup: reference,
        ipConfigurations: { list: ipConfiguration },
        dnsSettings: "any",
        enableAcceleratedNetworking: truth,
        enableIPForwarding: truth,
        disableTcpStateTracking: truth,
        auxiliaryMode: text,
        auxiliarySku: text,
        nicType: text,
        workloadType: text,
      },
      required: ["ipConfigurations"],
      readOnly: [...served, "virtualMachine", "macAddress", "primary", "hostedWorkloads"],
    },
    { extendedLocation: "any" },
  ),
};
