import { isOurs, madeByControllers, tagKeys } from "./identity.ts";
import { kinds, type Kind, type Thing } from "./kinds.ts";
import { diskOf } from "./machine-body.ts";
import { assignmentOf, findAssignment } from "./roles.ts";
import { call, ended, everyItem, isGone, type CallOptions } from "./session.ts";
import type { CloudThing } from "#bootstrap/providers/remove-in-passes";
import { findGroup, groupId, isOwnGroup, known, thingsOf, type Known, type Site } from "./site.ts";

/** Something of a cluster that is in Azure now. */
export interface Leftover extends CloudThing {
  /** The machine that it belongs to. */
  readonly machine?: string;
}

const allKinds: readonly Kind[] = Object.values(kinds);

/** Everything of the cluster, and what else keeps its group from going. */
export async function inventory(site: Site): Promise<readonly Leftover[]> {
  const group = await findGroup(site);
  if (!group) return [];
  const own = isOwnGroup(site, group) || site.deleteGroup === true;
  const lists = await Promise.all(
    allKinds.map(async (kind) => ({ kind, things: await thingsOf(site, kind) })),
  );
  const ours = lists.flatMap(({ kind, things }) =>
    things.filter((one) => belongs(site, own, kind, one)).map((one) => leftover(site, kind, one)),
  );
  const others = own ? await foreign(site, lists, ours) : [];
  return [
    ...ours,
    ...(await assignments(site)),
    ...others,
    ...(own ? [ownGroup(site, ours.length + others.length === 0)] : []),
  ];
}

/**
 * By tag. Of disks that Azure made for a machine and nobody could tag before a kill, those whose
 * machine is recorded, or whose group is ours.
 */
function belongs(site: Site, own: boolean, kind: Kind, one: Known): boolean {
  const { identity, book } = site;
  if (isOurs(identity, one.tags)) return true;
  if (own && madeByControllers(identity.cluster, one.tags)) return true;
  if (kind.type !== kinds.disk.type || one.managedBy !== undefined) return false;
  if (Object.keys(one.tags ?? {}).length > 0) return false;
  const begun = Object.keys(book.current().intents);
  return begun.some((intent) => `${kinds.machine.title} ${one.name}` === diskOf(intent));
}

function leftover(site: Site, kind: Kind, one: Known): Leftover {
  const { resourceGroup, clients } = site;
  const machine = one.tags?.[tagKeys.machine];
  return {
    ...{ kind: kind.title, id: one.id, name: one.name, stage: kind.stage },
    leaving: one.provisioningState === "Deleting",
    ...(machine !== undefined && { machine }),
    remove: () =>
      drop(site, `delete the ${kind.title} ${one.name}`, async (options) =>
        ended((await kind.operations(clients)).delete(resourceGroup, one.name, options), options),
      ),
  };
}

/** Deletes and waits; that it is gone already is well. */
async function drop(
  { session }: Site,
  doing: string,
  send: (options: CallOptions) => Promise<unknown>,
): Promise<void> {
  try {
    await call(session, doing, send);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

async function assignments(site: Site): Promise<readonly Leftover[]> {
  const found = await findAssignment(site);
  if (!found) return [];
  const { id, name } = known(found);
  return [
    {
      ...{ kind: "role assignment", id, name, stage: 4, leaving: false },
      remove: () =>
        drop(site, "take the control planes' role away", async (options) =>
          (await site.clients.authorization()).roleAssignments.delete(
            ...assignmentOf(site),
            options,
          ),
        ),
    },
  ];
}

/** What nobody of ours made. ARM's list of everything shows for a while what is gone: kinds know better. */
async function foreign(
  site: Site,
  lists: readonly { readonly kind: Kind; readonly things: readonly Known[] }[],
  ours: readonly Leftover[],
): Promise<readonly Leftover[]> {
  const ids = new Set(ours.map(({ id }) => id.toLowerCase()));
  const there = new Set(lists.flatMap(({ things }) => things.map(({ id }) => id.toLowerCase())));
  const types = new Set(lists.map(({ kind }) => kind.type.toLowerCase()));
  const all = await everyItem<Thing>(
    site.session,
    "list what else is in the group",
    async (options) =>
      (await site.clients.resources()).resources.listByResourceGroup(site.resourceGroup, options),
  );
  return all
    .map(known)
    .filter(({ id }) => !ids.has(id.toLowerCase()))
    .filter(({ id, type = "" }) => there.has(id.toLowerCase()) || !types.has(type.toLowerCase()))
    .map(({ id, name, type = "resource" }) => ({
      ...{ kind: type, id, name, stage: 0, leaving: false, foreign: true },
      remove: () => Promise.resolve(),
    }));
}

/** The group goes last, and only once it is empty: Azure would take everything in it along. */
function ownGroup(site: Site, empty: boolean): Leftover {
  const { resourceGroup, clients } = site;
  return {
    ...{ kind: "resource group", id: groupId(site), name: resourceGroup },
    ...{ stage: 9, leaving: false },
    remove: async () => {
      if (!empty) return;
      await drop(site, `delete the resource group ${resourceGroup}`, async (options) =>
        ended((await clients.resources()).resourceGroups.delete(resourceGroup, options), options),
      );
    },
  };
}
