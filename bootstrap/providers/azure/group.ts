import { tagsOf } from "./identity.ts";
import { namespaces } from "./kinds.ts";
import { untilKnown } from "./part.ts";
import { call } from "./session.ts";
import { findGroup, isOwnGroup, type Site, type Workplace } from "./site.ts";
import { ClouderError } from "#core/error";
import { waitFor } from "#core/retry";

/** The cluster's resource group; one of the user's is taken as it is, when the settings name it. */
export async function ensureGroup(site: Site): Promise<void> {
  const { session, resourceGroup, region, identity, book } = site;
  const present = await usableGroup(site);
  if (present) return;
  const at = session.clock.now();
  await book.change(({ intents }) => ({ intents: { ...intents, "resource group": at } }));
  const body = { location: region, tags: tagsOf(identity, "group") };
  await call(
    session,
    `create the resource group ${resourceGroup}`,
    async (options) =>
      (await site.clients.resources()).resourceGroups.createOrUpdate(resourceGroup, body, options),
    untilKnown(),
  );
}

/** The group when it is there and may be used; `exists` when it is somebody else's. */
export async function usableGroup(place: Workplace): Promise<boolean> {
  const group = await findGroup(place);
  if (group === undefined) return false;
  if (isOwnGroup(place, group) || place.settings.resourceGroup !== undefined) return true;
  throw new ClouderError(
    "exists",
    `there is a resource group "${place.resourceGroup}" that is not of this cluster`,
    {
      hint: `choose another name for the cluster, or use that group with --resource-group ${place.resourceGroup}`,
    },
  );
}

/** Registers the services that a fresh subscription does not have yet. */
export async function ensureRegistered({ session, clients }: Workplace): Promise<void> {
  for (const namespace of namespaces) {
    const state = async () =>
      await call(session, `look up ${namespace}`, async (options) => {
        const { providers } = await clients.resources();
        return (await providers.get(namespace, options)).registrationState;
      });
    if ((await state()) === "Registered") continue;
    await call(session, `register ${namespace}`, async (options) =>
      (await clients.resources()).providers.register(namespace, options),
    );
    const { clock, signal } = session;
    const limits = { timeoutMs: 600_000, everyMs: 5000, clock, signal };
    await waitFor(`that ${namespace} is registered`, limits, async () =>
      (await state()) === "Registered" ? true : undefined,
    );
  }
}
