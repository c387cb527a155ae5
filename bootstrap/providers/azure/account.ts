import { readConfiguration, type AzureConfiguration } from "./configuration.ts";
import { tagKeys } from "./identity.ts";
import { everyItem, openSession, type ArmSession } from "./session.ts";
import { checkEnabled, subscriptionsOf, type Subscription } from "./site.ts";
import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";
import type { Reporter } from "#core/report";

/** Where the commands about an account get what they need. */
export interface AccountContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

export interface AzureRegion {
  readonly name: string;
  readonly title: string;
  /** Number of availability zones. */
  readonly zones: number;
}

export interface AzureGroup {
  readonly name: string;
  readonly region: string;
  readonly cluster: string;
}

export interface AzureMachine {
  readonly name: string;
  readonly resourceGroup: string;
  readonly cluster: string;
  readonly size: string;
  readonly region: string;
  readonly zone: string;
  readonly state: string;
}

interface Account {
  readonly session: ArmSession;
  readonly configuration: AzureConfiguration;
}

async function open(context: AccountContext): Promise<Account> {
  const configuration = await readConfiguration(context.environment);
  return { session: openSession(configuration, context), configuration };
}

/** The configuration works: a token is given and the subscription is enabled. */
export async function checkConfiguration(
  configuration: AzureConfiguration,
  context: AccountContext,
): Promise<void> {
  const session = openSession(configuration, context);
  const { subscription } = configuration;
  if (subscription === undefined) {
    await subscriptionsOf(session);
    return;
  }
  await checkEnabled(session, subscription);
}

/** Subscriptions that the login sees. */
export async function azureSubscriptions(
  context: AccountContext,
): Promise<readonly (Subscription & { readonly chosen: boolean })[]> {
  const { session, configuration } = await open(context);
  return (await subscriptionsOf(session)).map((one) => ({
    ...one,
    chosen: one.subscriptionId === configuration.subscription,
  }));
}

async function chosen({ session, configuration }: Account): Promise<string> {
  if (configuration.subscription !== undefined) return configuration.subscription;
  const [only, ...more] = (await subscriptionsOf(session)).filter(
    ({ state }) => state === "Enabled",
  );
  if (only && more.length === 0) return only.subscriptionId;
  throw new ClouderError("config", "no Azure subscription is chosen", {
    hint: "set AZURE_SUBSCRIPTION_ID, or run: kubectl clouder azure configure",
  });
}

/** Regions of the subscription, by name. */
export async function azureRegions(context: AccountContext): Promise<readonly AzureRegion[]> {
  const account = await open(context);
  const subscription = await chosen(account);
  const found = await everyItem(account.session, "list the regions", async (options) =>
    (await account.session.subscriptions()).subscriptions.listLocations(subscription, options),
  );
  return found
    .filter(({ metadata }) => metadata?.regionType !== "Logical")
    .map(({ name = "", displayName = name, availabilityZoneMappings = [] }) => ({
      ...{ name, title: displayName, zones: availabilityZoneMappings.length },
    }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

/** Resource groups of the subscription, by name. */
export async function azureGroups(context: AccountContext): Promise<readonly AzureGroup[]> {
  const account = await open(context);
  const clients = account.session.clients(await chosen(account));
  const found = await everyItem(account.session, "list the resource groups", async (options) =>
    (await clients.resources()).resourceGroups.list(options),
  );
  return found
    .map(({ name = "", location, tags }) => ({
      ...{ name, region: location, cluster: tags?.[tagKeys.cluster] ?? "" },
    }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

/** Machines of the subscription or one of its groups, whoever made them. */
export async function azureMachines(
  context: AccountContext,
  resourceGroup: string | undefined,
): Promise<readonly AzureMachine[]> {
  const account = await open(context);
  const clients = account.session.clients(await chosen(account));
  const found = await everyItem(account.session, "list the machines", async (options) => {
    const { virtualMachines } = await clients.compute();
    return resourceGroup === undefined
      ? virtualMachines.listAll(options)
      : virtualMachines.list(resourceGroup, options);
  });
  return found.map(
    ({ id = "", name = "", location, zones, tags, hardwareProfile, provisioningState = "" }) => ({
      name,
      resourceGroup: /\/resourceGroups\/([^/]+)/i.exec(id)?.[1] ?? "",
      cluster: tags?.[tagKeys.cluster] ?? "",
      size: hardwareProfile?.vmSize ?? "",
      region: location,
      zone: zones?.[0] ?? "",
      state: provisioningState,
    }),
  );
}
