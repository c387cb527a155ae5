import { hasAzureCode } from "./azure-error.ts";
import { stableUuid, type AzureIdentity } from "./identity.ts";
import { kinds, versions } from "./kinds.ts";
import { ensureThing, untilKnown } from "./part.ts";
import { call, find } from "./session.ts";
import { groupId, type Site, type Workplace } from "./site.ts";
import { hasCode } from "#core/error";

/** Azure's own role of that name; the cloud's controllers make disks and load balancers with it. */
const contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";

/** Path of the assignment, whose name is the same in every run. */
export const assignmentPath = (place: Workplace, identity: AzureIdentity): string =>
  `${groupId(place)}/providers/Microsoft.Authorization/roleAssignments/${stableUuid(identity, "contributor")}?api-version=${versions.authorization}`;

/**
 * The identity of the control planes, which may change what is in the cluster's group and nothing
 * else. Who may not give roles is told the command, and goes on without.
 */
export async function ensureIdentity(site: Site): Promise<string> {
  const { identity, session } = site;
  const found = await ensureThing<{ readonly principalId?: string }>(site, {
    ...{ kind: kinds.identity, name: `${identity.cluster}-identity`, role: "control-plane" },
    body: { properties: {} },
  });
  const principal = found.properties.principalId ?? "";
  const path = assignmentPath(site, identity);
  const doing = `give ${found.name} its role`;
  if ((await find(session, path, doing)) !== undefined) return found.id;
  const role = `/subscriptions/${site.subscription}/providers/Microsoft.Authorization/roleDefinitions/${contributor}`;
  try {
    await call(
      session,
      {
        ...{ method: "PUT", path, doing },
        body: {
          properties: {
            ...{ roleDefinitionId: role, principalId: principal },
            // Said, so that a directory which does not know the identity yet takes it all the same.
            principalType: "ServicePrincipal",
          },
        },
      },
      untilKnown(),
    );
  } catch (error) {
    // An assignment of the same role under another name serves as well.
    if (hasAzureCode(error, /^RoleAssignmentExists$/)) return found.id;
    if (!hasCode(error, "denied")) throw error;
    session.report({
      type: "note",
      level: "warn",
      message: `you may not give roles, so ${found.name} has none, which storage and load balancers need; who may: az role assignment create --assignee-object-id ${principal} --assignee-principal-type ServicePrincipal --role Contributor --scope ${groupId(site)}`,
    });
  }
  return found.id;
}
