import { readConfiguration } from "./configuration.ts";
import { identityOf, isOurs, type AzureIdentity, type Tags } from "./identity.ts";
import type { Clients, Pace } from "./clients.ts";
import type { Kind, Thing } from "./kinds.ts";
import { openBook, readAzureRecord, type AzureRecord, type RecordBook } from "./record.ts";
import { call, everyItem, find, isGone, openSession, type ArmSession } from "./session.ts";
import { parseAzureSettings, type AzureSettings } from "./settings.ts";
import type { Subscription as SdkSubscription } from "@azure/arm-resources-subscriptions";
import type { SshAddress } from "#bootstrap/nodes/node-access";
import type { ProviderContext } from "#bootstrap/providers/provider";
import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";

/** What the provider needs of the world beyond Azure. */
export interface AzureSurroundings {
  readonly clock: Clock;
  /** Absent: the SDKs wait as long as becomes a cloud. */
  readonly pace?: Pace;
  /** This machine's public address, when somebody tells it. */
  callerAddress(): Promise<string | undefined>;
  /** True once an SSH server answers there. */
  answersSsh(address: SshAddress): Promise<boolean>;
}

/** Where the things of a cluster are. */
export interface Workplace {
  readonly session: ArmSession;
  /** Of the subscription. */
  readonly clients: Clients;
  readonly identity: AzureIdentity;
  readonly settings: AzureSettings;
  readonly record: AzureRecord | undefined;
  readonly subscription: string;
  readonly region: string;
  readonly resourceGroup: string;
  /** A group of the user's goes along, too, once it is empty. */
  readonly deleteGroup?: boolean;
}

/** The same with a record to write to. */
export interface Site extends Workplace {
  readonly book: RecordBook;
}

/** A thing as Azure shows it. */
export type Known<T extends Thing = Thing> = T & { readonly id: string; readonly name: string };

export interface Subscription {
  readonly subscriptionId: string;
  readonly displayName: string;
  readonly state: string;
  readonly tenantId?: string;
}

/**
 * Opens Azure for a cluster: subscription, region and group are those of the first create, whatever
 * the environment says now; `refused` when the settings name others.
 */
export async function openWorkplace(
  context: ProviderContext,
  { clock, pace }: Pick<AzureSurroundings, "clock" | "pace">,
): Promise<Workplace> {
  const { spec, folder, environment = {}, report, signal } = context;
  const settings = parseAzureSettings(spec.provider.settings);
  const record = await readAzureRecord(folder);
  if (record) refuseMoves(spec.name, record, settings);
  const configuration = await readConfiguration(environment, {
    ...(settings.subscription !== undefined && { subscription: settings.subscription }),
  });
  const session = openSession(configuration, { environment, clock, pace, report, signal });
  const subscription =
    record?.subscription ?? configuration.subscription ?? (await onlySubscription(session));
  await checkEnabled(session, subscription);
  return {
    ...{ session, settings, record, subscription, clients: session.clients(subscription) },
    region: regionOf(record, settings),
    identity: identityOf(spec.name, context.uid),
    resourceGroup: record?.resourceGroup ?? settings.resourceGroup ?? `${spec.name}-rg`,
  };
}

function regionOf(record: AzureRecord | undefined, settings: AzureSettings): string {
  const region = record?.region ?? settings.region;
  if (region !== undefined) return region;
  throw new ClouderError("config", "no Azure region is chosen", {
    hint: "give --region, for example eastus; kubectl clouder azure regions lists them",
  });
}

function refuseMoves(cluster: string, record: AzureRecord, settings: AzureSettings): void {
  refuseMove(cluster, "subscription", record.subscription, settings.subscription);
  refuseMove(cluster, "region", record.region, settings.region);
  refuseMove(cluster, "resource group", record.resourceGroup, settings.resourceGroup);
}

function refuseMove(cluster: string, what: string, known: string, wanted = known): void {
  if (known.toLowerCase() === wanted.toLowerCase()) return;
  throw new ClouderError("refused", `${cluster} is in the ${what} ${known}, not in ${wanted}`, {
    hint: `leave the ${what} out, or choose another name for a cluster there`,
  });
}

/** The record is begun. */
export async function openSite(context: ProviderContext, workplace: Workplace): Promise<Site> {
  const { subscription, region, resourceGroup } = workplace;
  return {
    ...workplace,
    ...(context.deleteGroup === true && { deleteGroup: true }),
    book: await openBook(context.folder, { subscription, region, resourceGroup }),
  };
}

/** Subscriptions that the login sees. */
export async function subscriptionsOf(session: ArmSession): Promise<readonly Subscription[]> {
  const found = await everyItem(session, "list the subscriptions", async (options) =>
    (await session.subscriptions()).subscriptions.list(options),
  );
  return found.map(subscriptionOf);
}

const subscriptionOf = ({
  subscriptionId = "",
  displayName = "",
  state = "Enabled",
  tenantId,
}: SdkSubscription): Subscription => ({
  ...{ subscriptionId, displayName, state },
  ...(tenantId !== undefined && { tenantId }),
});

/** A subscription by its id; `not-found` when the login does not see it. */
export async function subscriptionBy(session: ArmSession, id: string): Promise<Subscription> {
  return await call(session, `look up the subscription ${id}`, async (options) =>
    subscriptionOf(await (await session.subscriptions()).subscriptions.get(id, options)),
  );
}

async function onlySubscription(session: ArmSession): Promise<string> {
  const enabled = (await subscriptionsOf(session)).filter(({ state }) => state !== "Disabled");
  const [only, ...others] = enabled;
  if (only && others.length === 0) return only.subscriptionId;
  throw new ClouderError(
    "config",
    only ? "no Azure subscription is chosen, and there are several" : "no subscription is there",
    {
      hint: only
        ? `set AZURE_SUBSCRIPTION_ID to one of ${enabled.map((one) => one.subscriptionId).join(", ")}`
        : "check that this identity has a role on a subscription: az account list",
    },
  );
}

/** Fails unless the subscription is there and can be worked in. */
export async function checkEnabled(session: ArmSession, subscription: string): Promise<void> {
  const { state, displayName } = await subscriptionBy(session, subscription);
  if (/^(enabled|warned|pastdue)$/i.test(state)) return;
  throw new ClouderError(
    "denied",
    `the subscription ${displayName} (${subscription}) is ${state.toLowerCase()}`,
    {
      hint: "enable it in the Azure portal, or choose another: kubectl clouder azure subscriptions",
    },
  );
}

/** Id of a cluster's resource group. */
export const groupId = ({ subscription, resourceGroup }: Workplace): string =>
  `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`;

/** Id of a thing in it. */
export const idOf = (place: Workplace, kind: Kind, name: string): string =>
  `${groupId(place)}/providers/${kind.type}/${name}`;

/** A thing by its kind and name; undefined when there is none. */
export async function findThing<T extends Thing>(
  { session, clients, resourceGroup }: Pick<Workplace, "session" | "clients" | "resourceGroup">,
  kind: Kind<T>,
  name: string,
): Promise<Known<T> | undefined> {
  const found = await find(session, `look up ${name}`, async (options) =>
    (await kind.operations(clients)).get(resourceGroup, name, options),
  );
  return found && known(found);
}

/** All things of a kind in the cluster's group, whoever made them; none when there is no group. */
export async function thingsOf<T extends Thing>(
  { session, clients, resourceGroup }: Workplace,
  kind: Kind<T>,
): Promise<readonly Known<T>[]> {
  try {
    const found = await everyItem(session, `list the ${kind.title}s`, async (options) =>
      (await kind.operations(clients)).list(resourceGroup, options),
    );
    return found.map(known);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** The SDKs' types know no thing without its id missing; Azure shows none. */
export function known<T extends Thing>(thing: T): Known<T> {
  const { id, name } = thing;
  if (id === undefined || name === undefined) {
    throw new ClouderError("internal", "Azure showed a thing without its id or name");
  }
  return { ...thing, id, name };
}

/** The cluster's resource group as it is. */
export async function findGroup({
  session,
  clients,
  resourceGroup,
}: Workplace): Promise<Thing | undefined> {
  return await find(session, `look up the resource group ${resourceGroup}`, async (options) =>
    (await clients.resources()).resourceGroups.get(resourceGroup, options),
  );
}

/** True when the group was made for this cluster: then it goes with it. */
export const isOwnGroup = (
  place: Workplace,
  group: { readonly tags?: Tags } | undefined,
): boolean => isOurs(place.identity, group?.tags);
