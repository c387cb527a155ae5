import { readConfiguration } from "./configuration.ts";
import { identityOf, isOurs, type AzureIdentity, type Tags } from "./identity.ts";
import { versions, type Kind } from "./kinds.ts";
import { openBook, readAzureRecord, type AzureRecord, type RecordBook } from "./record.ts";
import { everyItem, find, openSession, type ArmSession } from "./session.ts";
import { parseAzureSettings, type AzureSettings } from "./settings.ts";
import type { SshAddress } from "#bootstrap/nodes/node-access";
import type { ProviderContext } from "#bootstrap/providers/provider";
import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";

/** What the provider needs of the world beyond Azure. */
export interface AzureSurroundings {
  readonly clock: Clock;
  /** This machine's public address, when somebody tells it. */
  callerAddress(): Promise<string | undefined>;
  /** True once an SSH server answers there. */
  answersSsh(address: SshAddress): Promise<boolean>;
}

/** Where the things of a cluster are. */
export interface Workplace {
  readonly session: ArmSession;
  readonly identity: AzureIdentity;
  readonly settings: AzureSettings;
  readonly record: AzureRecord | undefined;
  readonly subscription: string;
  readonly region: string;
  readonly resourceGroup: string;
}

/** The same with a record to write to. */
export interface Site extends Workplace {
  readonly book: RecordBook;
}

/** Anything in a resource group. */
export interface Thing<P = Readonly<Record<string, unknown>>> {
  readonly id: string;
  readonly name: string;
  readonly type?: string;
  readonly location?: string;
  readonly tags?: Tags;
  readonly etag?: string;
  readonly zones?: readonly string[];
  readonly managedBy?: string;
  readonly properties: P & { readonly provisioningState?: string };
}

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
export async function openWorkplace(context: ProviderContext, clock: Clock): Promise<Workplace> {
  const { spec, folder, environment = {}, report, signal } = context;
  const settings = parseAzureSettings(spec.provider.settings);
  const record = await readAzureRecord(folder);
  if (record) refuseMoves(spec.name, record, settings);
  const configuration = await readConfiguration(environment, {
    ...(settings.subscription !== undefined && { subscription: settings.subscription }),
  });
  const session = openSession(configuration, { environment, clock, report, signal });
  const subscription =
    record?.subscription ?? configuration.subscription ?? (await onlySubscription(session));
  await checkEnabled(session, subscription);
  return {
    ...{ session, settings, record, subscription },
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
    book: await openBook(context.folder, { subscription, region, resourceGroup }),
  };
}

/** Subscriptions that the login sees. */
export async function subscriptionsOf(session: ArmSession): Promise<readonly Subscription[]> {
  const path = `/subscriptions?api-version=${versions.subscriptions}`;
  return await everyItem<Subscription>(session, path, "list the subscriptions");
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

/** Fails unless the subscription can be worked in. */
export async function checkEnabled(session: ArmSession, subscription: string): Promise<void> {
  const path = `/subscriptions/${subscription}?api-version=${versions.subscriptions}`;
  const doing = `look up the subscription ${subscription}`;
  const found = await find<Subscription>(session, path, doing);
  if (found && !/^(enabled|warned|pastdue)$/i.test(found.state)) {
    throw new ClouderError(
      "denied",
      `the subscription ${found.displayName} (${subscription}) is ${found.state.toLowerCase()}`,
      {
        hint: "enable it in the Azure portal, or choose another: kubectl clouder azure subscriptions",
      },
    );
  }
}

/** Id of a cluster's resource group. */
export const groupId = ({ subscription, resourceGroup }: Workplace): string =>
  `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`;

/** Id of a thing in it. */
export const idOf = (place: Workplace, kind: Kind, name: string): string =>
  `${groupId(place)}/providers/${kind.type}/${name}`;

/** Path of a call about a thing. */
export const versioned = (id: string, kind: Pick<Kind, "version">): string =>
  `${id}?api-version=${kind.version}`;

/** Path of a call about a region or the whole subscription. */
export const inSubscription = (place: Workplace, rest: string, version: string): string =>
  `/subscriptions/${place.subscription}/${rest}${rest.includes("?") ? "&" : "?"}api-version=${version}`;

/** The cluster's resource group as it is. */
export async function findGroup(place: Workplace): Promise<Omit<Thing, "properties"> | undefined> {
  const path = `${groupId(place)}?api-version=${versions.resources}`;
  return await find(place.session, path, `look up the resource group ${place.resourceGroup}`);
}

/** True when the group was made for this cluster: then it goes with it. */
export const isOwnGroup = (
  place: Workplace,
  group: { readonly tags?: Tags } | undefined,
): boolean => isOurs(place.identity, group?.tags);
