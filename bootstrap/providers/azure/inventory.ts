import { isOurs, madeByControllers, tagKeys } from "./identity.ts";
import { kinds, versions, type Kind } from "./kinds.ts";
import { diskOf } from "./machine-body.ts";
import { assignmentPath } from "./roles.ts";
import { call, everyItem, find, finished, isGone, type ArmSession } from "./session.ts";
import { findGroup, groupId, isOwnGroup, versioned, type Site, type Thing } from "./site.ts";

/** Something of a cluster that is in Azure now. */
export interface Leftover {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** Things of an earlier stage stand in the way of later ones. */
  readonly stage: number;
  /** It is on its way out and is only waited for. */
  readonly leaving: boolean;
  /** Somebody else's, inside of a group of ours: named, never touched. */
  readonly foreign?: boolean;
  /** The machine that it belongs to. */
  readonly machine?: string;
  remove(): Promise<void>;
}

/** Everything of the cluster, and what else keeps its group from going. */
export async function inventory(site: Site): Promise<readonly Leftover[]> {
  const { session } = site;
  const group = await findGroup(site);
  if (!group) return [];
  const own = isOwnGroup(site, group);
  const lists = await Promise.all(
    Object.values(kinds).map(async (kind) => ({ kind, things: await listed(site, kind) })),
  );
  const ours = lists.flatMap(({ kind, things }) =>
    things
      .filter((one) => belongs(site, own, kind, one))
      .map((one) => leftover(session, kind, one)),
  );
  const others = own ? await foreign(site, lists, ours) : [];
  return [
    ...ours,
    ...(await assignments(site)),
    ...others,
    ...(own ? [ownGroup(site, ours.length + others.length === 0)] : []),
  ];
}

async function listed(site: Site, kind: Kind): Promise<readonly Thing[]> {
  const path = versioned(`${groupId(site)}/providers/${kind.type}`, kind);
  try {
    return await everyItem<Thing>(site.session, path, `list the ${kind.title}s`);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/**
 * By tag. Of disks that Azure made for a machine and nobody could tag before a kill, those whose
 * machine is recorded, or whose group is ours.
 */
function belongs(site: Site, own: boolean, kind: Kind, one: Thing): boolean {
  const { identity, book } = site;
  if (isOurs(identity, one.tags)) return true;
  if (own && madeByControllers(identity.cluster, one.tags)) return true;
  if (kind !== kinds.disk || one.managedBy !== undefined) return false;
  if (Object.keys(one.tags ?? {}).length > 0) return false;
  const begun = Object.keys(book.current().intents);
  return begun.some((intent) => `${kinds.machine.title} ${one.name}` === diskOf(intent));
}

function leftover(session: ArmSession, kind: Kind, one: Thing): Leftover {
  const machine = one.tags?.[tagKeys.machine];
  const doing = `delete the ${kind.title} ${one.name}`;
  return {
    ...{ kind: kind.title, id: one.id, name: one.name, stage: kind.stage },
    leaving: one.properties.provisioningState === "Deleting",
    ...(machine !== undefined && { machine }),
    remove: () => drop(session, versioned(one.id, kind), doing),
  };
}

/** Deletes and waits; that it is gone already is well. */
async function drop(session: ArmSession, path: string, doing: string): Promise<void> {
  try {
    await finished(session, await call(session, { method: "DELETE", path, doing }), doing);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

async function assignments(site: Site): Promise<readonly Leftover[]> {
  const path = assignmentPath(site, site.identity);
  const found = await find<Thing>(site.session, path, "look up the role assignment");
  if (!found) return [];
  const doing = "take the control planes' role away";
  return [
    {
      ...{ kind: "role assignment", id: found.id, name: found.name, stage: 4, leaving: false },
      remove: () => drop(site.session, path, doing),
    },
  ];
}

/** What nobody of ours made. ARM's list of everything shows for a while what is gone: kinds know better. */
async function foreign(
  site: Site,
  lists: readonly { readonly kind: Kind; readonly things: readonly Thing[] }[],
  ours: readonly Leftover[],
): Promise<readonly Leftover[]> {
  const path = `${groupId(site)}/resources?api-version=${versions.resources}`;
  const known = new Set(ours.map(({ id }) => id.toLowerCase()));
  const there = new Set(lists.flatMap(({ things }) => things.map(({ id }) => id.toLowerCase())));
  const types = new Set(lists.map(({ kind }) => kind.type.toLowerCase()));
  const all = await everyItem<Thing>(site.session, path, "list what else is in the group");
  return all
    .filter(({ id }) => !known.has(id.toLowerCase()))
    .filter(({ id, type = "" }) => there.has(id.toLowerCase()) || !types.has(type.toLowerCase()))
    .map(({ id, name, type = "resource" }) => ({
      ...{ kind: type, id, name, stage: 0, leaving: false, foreign: true },
      remove: () => Promise.resolve(),
    }));
}

/** The group goes last, and only once it is empty: Azure would take everything in it along. */
function ownGroup(site: Site, empty: boolean): Leftover {
  const path = `${groupId(site)}?api-version=${versions.resources}`;
  const doing = `delete the resource group ${site.resourceGroup}`;
  return {
    ...{ kind: "resource group", id: groupId(site), name: site.resourceGroup },
    ...{ stage: 9, leaving: false },
    remove: async () => {
      if (empty) await drop(site.session, path, doing);
    },
  };
}
