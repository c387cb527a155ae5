import { hasAzureCode } from "./azure-error.ts";
import { isOurs, tagsOf, type Tags } from "./identity.ts";
import type { Kind, Thing } from "./kinds.ts";
import { call, ended } from "./session.ts";
import { findThing, type Known, type Site } from "./site.ts";
import { ClouderError } from "#core/error";
import { waitFor } from "#core/retry";

/** A thing that the cluster is to have; the same in every run. */
export interface Wanted<T extends Thing> {
  readonly kind: Kind<T>;
  readonly name: string;
  readonly role: string;
  readonly tags?: Tags;
  readonly body: Omit<NoInfer<T>, "location" | "tags">;
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
export async function ensureThing<T extends Thing>(
  site: Site,
  wanted: Wanted<T>,
): Promise<Known<T>> {
  const { kind, name } = wanted;
  for (let attempt = 1; ; attempt += 1) {
    const present = await settled(site, kind, name);
    if (present && !isOurs(site.identity, present.tags)) throw taken(site, kind, name);
    if (present && isReady(present)) return present;
    try {
      await create(site, wanted);
    } catch (error) {
      if (!hasAzureCode(error, /^(PreconditionFailed|ConditionNotMet)$/) || attempt > 2)
        throw error;
    }
  }
}

async function create<T extends Thing>(site: Site, wanted: Wanted<T>): Promise<void> {
  const { session, identity, book, region, resourceGroup } = site;
  const { kind, name, role, tags, onlyNew } = wanted;
  const at = session.clock.now();
  await book.change(({ intents }) => ({ intents: { ...intents, [`${kind.title} ${name}`]: at } }));
  const body = { location: region, tags: tagsOf(identity, role, tags), ...wanted.body };
  await call(
    session,
    `create the ${kind.title} ${name}`,
    async (options) => {
      const operations = await kind.operations(site.clients);
      // Body and common part are the whole, which the compiler cannot know of a kind in general.
      const whole = body as unknown as T;
      const asked = { ...options, ...(onlyNew === true && { ifNoneMatch: "*" }) };
      await ended(operations.createOrUpdate(resourceGroup, name, whole, asked), options);
    },
    untilKnown(),
  );
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
async function settled<T extends Thing>(
  site: Site,
  kind: Kind<T>,
  name: string,
): Promise<Known<T> | undefined> {
  const { clock, signal } = site.session;
  const limits = { timeoutMs: 20 * 60_000, everyMs: 3000, clock, signal };
  const { found } = await waitFor(`that the ${kind.title} ${name} is ready`, limits, async () => {
    const thing = await findThing(site, kind, name);
    return thing && isMoving(thing) ? undefined : { found: thing };
  });
  return found;
}

/** Some kinds have no state: what is there is ready. */
const stateOf = ({ provisioningState = "Succeeded" }: Thing): string => provisioningState;

/** True for what was made to the end. */
export const isReady = (thing: Thing): boolean => stateOf(thing) === "Succeeded";

const isMoving = (thing: Thing): boolean => !/^(Succeeded|Failed|Canceled)$/.test(stateOf(thing));
