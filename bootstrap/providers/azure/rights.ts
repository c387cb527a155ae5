import { createPipelineRequest, RestError } from "@azure/core-rest-pipeline";
import type { Permission } from "@azure/arm-authorization";
import { everyItem, type CallOptions } from "./session.ts";
import type { Workplace } from "./site.ts";
import { ClouderError, hasCode } from "#core/error";

/** What a create cannot do without. */
const needed = [
  "Microsoft.Resources/subscriptions/resourceGroups/write",
  "Microsoft.Network/virtualNetworks/write",
  "Microsoft.Compute/virtualMachines/write",
  "Microsoft.ManagedIdentity/userAssignedIdentities/write",
] as const;

/** Fails with `denied` when this identity may not make a cluster; nothing is tried. */
export async function checkRights(place: Workplace): Promise<void> {
  const group = place.settings.resourceGroup;
  let permissions: readonly Permission[];
  try {
    permissions = await everyItem(place.session, "read this identity's rights", async (options) =>
      group === undefined
        ? inSubscription(place, options)
        : (await place.clients.authorization()).permissions.listForResourceGroup(group, options),
    );
  } catch (error) {
    // A group that is not there yet, or nobody who may ask: the creates will tell.
    if (hasCode(error, "not-found", "denied")) return;
    throw error;
  }
  const missing = needed
    .filter((action) => group === undefined || !action.includes("resourceGroups"))
    .find((action) => !permissions.some((one) => allows(one, action)));
  if (missing === undefined) return;
  throw new ClouderError("denied", `this identity may not do ${missing} (AuthorizationFailed)`, {
    hint: "give it a role (Contributor) on the subscription or resource group; see its role assignments: az role assignment list --assignee CLIENT_ID --all",
  });
}

/** The rights on the whole subscription, for which the SDK has no call. */
async function* inSubscription(
  { session, subscription, clients }: Workplace,
  { abortSignal }: CallOptions,
): AsyncGenerator<Permission> {
  const client = await clients.authorization();
  const path = `/subscriptions/${subscription}/providers/Microsoft.Authorization/permissions`;
  let next: string | undefined = `${session.endpoint}${path}?api-version=2022-04-01`;
  while (next !== undefined) {
    const request = createPipelineRequest({ url: next, ...(abortSignal && { abortSignal }) });
    const response = await client.sendRequest(request);
    const { value, nextLink, error } = JSON.parse(response.bodyAsText ?? "{}") as {
      readonly value?: readonly Permission[];
      readonly nextLink?: string;
      readonly error?: { readonly code: string; readonly message: string };
    };
    if (response.status !== 200) {
      throw new RestError(error?.message ?? "", {
        ...{ statusCode: response.status, ...(error && { code: error.code }) },
      });
    }
    yield* value ?? [];
    next = nextLink;
  }
}

function allows({ actions = [], notActions = [] }: Permission, action: string): boolean {
  return actions.some((one) => fits(one, action)) && !notActions.some((one) => fits(one, action));
}

/** "Microsoft.Network/*" holds every action below it. */
function fits(pattern: string, action: string): boolean {
  const parts = pattern.split("*").map((one) => one.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i").test(action);
}
