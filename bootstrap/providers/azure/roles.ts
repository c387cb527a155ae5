import { hasAzureCode } from "./azure-error.ts";
import { stableUuid } from "./identity.ts";
import { kinds } from "./kinds.ts";
import { ensureThing, untilKnown } from "./part.ts";
import { call, find } from "./session.ts";
import { groupId, type Known, type Site, type Workplace } from "./site.ts";
import type { RoleAssignment } from "@azure/arm-authorization";
import type { Identity } from "@azure/arm-msi";
import { hasCode } from "#core/error";

/** Azure's own role of that name; the cloud's controllers make disks and load balancers with it. */
const contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";

/** Scope and name of the assignment, the same in every run. */
export const assignmentOf = (place: Workplace): readonly [scope: string, name: string] => [
  // The SDK writes the slash before it.
  groupId(place).slice(1),
  stableUuid(place.identity, "contributor"),
];

/** The assignment, when there is one. */
export async function findAssignment(place: Workplace): Promise<RoleAssignment | undefined> {
  const { session, clients } = place;
  return await find(session, "look up the role assignment", async (options) => {
    const { roleAssignments } = await clients.authorization();
    return await roleAssignments.get(...assignmentOf(place), options);
  });
}

/**
 * The identity of the control planes, which may change what is in the cluster's group and nothing
 * else. Who may not give roles is told the command, and goes on without.
 */
export async function ensureIdentity(site: Site): Promise<string> {
  const { identity, session } = site;
  const found = await ensureThing(site, {
    ...{ kind: kinds.identity, name: `${identity.cluster}-identity`, role: "control-plane" },
    body: {},
  });
  const command = await giveRole(site, found);
  if (command !== undefined) {
    session.report({
      type: "note",
      level: "warn",
      message: `you may not give roles, so ${found.name} has none, which storage and load balancers need; who may: ${command}`,
    });
  }
  return found.id;
}

/** Gives the identity its role; the command for those who may give roles where this caller may not. */
export async function giveRole(
  place: Workplace,
  { name, principalId = "" }: Known<Identity>,
): Promise<string | undefined> {
  if ((await findAssignment(place)) !== undefined) return undefined;
  const wanted = {
    roleDefinitionId: `/subscriptions/${place.subscription}/providers/Microsoft.Authorization/roleDefinitions/${contributor}`,
    // Said, so that a directory which does not know the identity yet takes it all the same.
    ...{ principalId, principalType: "ServicePrincipal" },
  };
  try {
    await call(
      place.session,
      `give ${name} its role`,
      async (options) => {
        const { roleAssignments } = await place.clients.authorization();
        return await roleAssignments.create(...assignmentOf(place), wanted, options);
      },
      untilKnown(),
    );
  } catch (error) {
    // An assignment of the same role under another name serves as well.
    if (hasAzureCode(error, /^RoleAssignmentExists$/)) return undefined;
    if (!hasCode(error, "denied")) throw error;
    return `az role assignment create --assignee-object-id ${principalId} --assignee-principal-type ServicePrincipal --role Contributor --scope ${groupId(place)}`;
  }
  return undefined;
}
