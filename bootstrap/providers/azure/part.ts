import { hasAzureCode } from "./azure-error.ts";
import { isOurs, tagsOf, type Tags } from "./identity.ts";
import type { Kind } from "./kinds.ts";
import { call, find, finished } from "./session.ts";
import { idOf, versioned, type Site, type Thing } from "./site.ts";
import { ClouderError } from "#core/error";
import { waitFor } from "#core/retry";

/** A thing that the cluster is to have; the same in every run. */
export interface Wanted {
  readonly kind: Kind;
  readonly name: string;
  readonly role: string;
  readonly tags?: Tags;
  readonly body: Readonly<Record<string, unknown>>;
  /** Never to be written over, should somebody else make it between look and create. */
  readonly onlyNew?: boolean;
}

/** What passes by itself: things, rights and principals of a moment ago are not known everywhere. */
const late =
  /^(ReferencedResourceNotProvisioned|InvalidResourceReference|PrincipalNotFound|LinkedAuthorizationFailed|MissingSubscriptionRegistration|ResourceGroupNotFound|ResourceGroupBeingDeleted)$/;
/** A right that was given a moment ago; one that is not there at all is told soon. */
const lateRights = 5;

/** Codes that are waited for in one call, each in bounds. */
export function untilKnown(): (error: unknown) => boolean {
  let denials = 0;
  return (error) => {
    if (hasAzureCode(error, late)) return true;
    if (!hasAzureCode(error, /^AuthorizationFailed$/)) return false;
    denials += 1;
    return denials <= lateRights;
  };
}

/**
 * One thing of the cluster, made once: its intent is written before the create, what is under way is
 * waited for, and a thing of that name which is not ours is left alone.
 */
export async function ensureThing<P = Readonly<Record<string, unknown>>>(
  site: Site,
  wanted: Wanted,
): Promise<Thing<P>> {
  const { kind, name } = wanted;
  const path = versioned(idOf(site, kind, name), kind);
  for (let attempt = 1; ; attempt += 1) {
    const present = await settled<P>(site, kind, name);
    if (present && !isOurs(site.identity, present.tags)) throw taken(site, kind, name);
    if (present?.properties.provisioningState === "Succeeded") return present;
    try {
      await create(site, wanted, path);
    } catch (error) {
      if (!hasAzureCode(error, /^(PreconditionFailed|ConditionNotMet)$/) || attempt > 2)
        throw error;
    }
  }
}

async function create(site: Site, wanted: Wanted, path: string): Promise<void> {
  const { session, identity, book, region } = site;
  const { kind, name, role, tags, body, onlyNew } = wanted;
  const at = session.clock.now();
  await book.change(({ intents }) => ({ intents: { ...intents, [`${kind.title} ${name}`]: at } }));
  const doing = `create the ${kind.title} ${name}`;
  const answer = await call(
    session,
    {
      ...{ method: "PUT", path, doing },
      body: { location: region, tags: tagsOf(identity, role, tags), ...body },
      ...(onlyNew === true && { headers: { "if-none-match": "*" } }),
    },
    untilKnown(),
  );
  await finished(session, answer, doing);
}

/** Fails with `exists`: a name belongs to somebody else. */
export function taken(
  site: { readonly resourceGroup: string },
  kind: Kind,
  name: string,
): ClouderError {
  return new ClouderError(
    "exists",
    `the resource group ${site.resourceGroup} has a ${kind.title} "${name}" that is not of this cluster`,
    { hint: "choose another name or resource group; that one is left alone" },
  );
}

/** The thing once nothing is under way with it; undefined when there is none. */
async function settled<P>(site: Site, kind: Kind, name: string): Promise<Thing<P> | undefined> {
  const { session } = site;
  const path = versioned(idOf(site, kind, name), kind);
  const doing = `look up ${name}`;
  const { clock, signal } = session;
  const limits = { timeoutMs: 20 * 60_000, everyMs: 3000, clock, signal };
  const { found } = await waitFor(`that the ${kind.title} ${name} is ready`, limits, async () => {
    const thing = await find<Thing<P>>(session, path, doing);
    return thing && isMoving(thing.properties.provisioningState) ? undefined : { found: thing };
  });
  return found;
}

/** Something is under way with a thing in this state. */
export const isMoving = (state = "Succeeded"): boolean =>
  !/^(Succeeded|Failed|Canceled)$/.test(state);
