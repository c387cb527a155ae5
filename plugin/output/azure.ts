import type {
  AzureGroup,
  AzureMachine,
  AzureRegion,
  azureSubscriptions,
} from "#bootstrap/providers/azure/account";
import type { AzureConfiguration } from "#bootstrap/providers/azure/configuration";
import { table, type Result } from "#plugin/output/result";

const masked = "********";

/** `azure` and `azure configure`; never the secret. */
export function azureConfigurationShown(
  { subscription, tenant, client, secret, sources }: AzureConfiguration,
  file: string,
): Result {
  const login =
    client !== undefined && secret !== undefined ? "service principal" : "az login and its like";
  const shown = {
    ...{ subscription, tenant, client },
    ...(secret !== undefined && { secret: masked }),
  };
  const from = (name: string) => (sources[name] === undefined ? "" : `  (${sources[name]})`);
  return {
    object: { ...shown, login, file, sources },
    text: [
      `subscription:  ${subscription ?? "none chosen"}${from("subscription")}`,
      `tenant:        ${tenant ?? "that of the login"}${from("tenant")}`,
      `client:        ${client ?? "none"}${from("client")}`,
      `secret:        ${secret === undefined ? "none" : masked}${from("secret")}`,
      `login:         ${login}`,
      `file:          ${file}`,
    ].join("\n"),
  };
}

/** `azure subscriptions`. */
export function azureSubscriptionList(
  subscriptions: Awaited<ReturnType<typeof azureSubscriptions>>,
): Result {
  return {
    object: subscriptions,
    names: subscriptions.map(({ subscriptionId }) => `subscription/${subscriptionId}`),
    table: table(
      subscriptions,
      [
        { title: "", value: ({ chosen }) => (chosen ? "*" : " ") },
        { title: "ID", value: ({ subscriptionId }) => subscriptionId },
        { title: "NAME", value: ({ displayName }) => displayName },
        { title: "STATE", value: ({ state }) => state },
        { title: "TENANT", value: ({ tenantId }) => tenantId },
      ],
      "no subscriptions; see who you are: az account show",
    ),
  };
}

/** `azure regions`. */
export function azureRegionList(regions: readonly AzureRegion[]): Result {
  return {
    object: regions,
    names: regions.map(({ name }) => `region/${name}`),
    table: table(regions, [
      { title: "NAME", value: ({ name }) => name },
      { title: "TITLE", value: ({ title }) => title },
      { title: "ZONES", value: ({ zones }) => zones },
    ]),
  };
}

/** `azure resource-groups`. */
export function azureGroupList(groups: readonly AzureGroup[]): Result {
  return {
    object: groups,
    names: groups.map(({ name }) => `resourcegroup/${name}`),
    table: table(
      groups,
      [
        { title: "NAME", value: ({ name }) => name },
        { title: "REGION", value: ({ region }) => region },
        { title: "CLUSTER", value: ({ cluster }) => cluster },
      ],
      "no resource groups in this subscription",
    ),
  };
}

/** `azure vm-ls`. */
export function azureMachineList(machines: readonly AzureMachine[]): Result {
  return {
    object: machines,
    names: machines.map(({ name }) => `machine/${name}`),
    table: table(
      machines,
      [
        { title: "NAME", value: ({ name }) => name },
        { title: "GROUP", value: ({ resourceGroup }) => resourceGroup },
        { title: "CLUSTER", value: ({ cluster }) => cluster },
        { title: "SIZE", value: ({ size }) => size },
        { title: "REGION", value: ({ region }) => region },
        { title: "ZONE", value: ({ zone }) => zone },
        { title: "STATE", value: ({ state }) => state },
      ],
      "no machines there",
    ),
  };
}
