import { versions } from "./kinds.ts";
import { everyItem } from "./session.ts";
import { inSubscription, type Workplace } from "./site.ts";
import { ClouderError, hasCode } from "#core/error";

interface Permission {
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
}

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
  const scope = group === undefined ? "" : `resourceGroups/${group}/`;
  const path = inSubscription(
    place,
    `${scope}providers/Microsoft.Authorization/permissions`,
    versions.authorization,
  );
  let permissions: readonly Permission[];
  try {
    permissions = await everyItem<Permission>(place.session, path, "read this identity's rights");
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

function allows({ actions = [], notActions = [] }: Permission, action: string): boolean {
  return actions.some((one) => fits(one, action)) && !notActions.some((one) => fits(one, action));
}

/** "Microsoft.Network/*" holds every action below it. */
function fits(pattern: string, action: string): boolean {
  const parts = pattern.split("*").map((one) => one.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i").test(action);
}
