import {
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  RemoveRoleFromInstanceProfileCommand,
  paginateListAttachedRolePolicies,
  paginateListInstanceProfiles,
  paginateListRolePolicies,
  paginateListRoles,
  type InstanceProfile,
  type Role,
} from "@aws-sdk/client-iam";
import { isGone } from "./aws-error.ts";
import { isOurs } from "./identity.ts";
import { everyItem } from "./part.ts";
import { iamPath } from "./roles.ts";
import { look, type AwsSession } from "./session.ts";
import { drop, thing, type Search } from "./thing.ts";
import type { CloudThing } from "#bootstrap/providers/remove-in-passes";

/** Roles and instance profiles with our tags; the path only makes the list short. */
export async function identityThings({
  session,
  identity,
}: Search): Promise<readonly CloudThing[]> {
  const client = session.iam;
  const listed = await Promise.all([
    look(session, "list the roles", () =>
      everyItem(paginateListRoles({ client }, { PathPrefix: iamPath }), (page) => page.Roles),
    ),
    look(session, "list the instance profiles", () =>
      everyItem(
        paginateListInstanceProfiles({ client }, { PathPrefix: iamPath }),
        (page) => page.InstanceProfiles,
      ),
    ),
  ]);
  // Lists leave tags out.
  const roles = await Promise.all(listed[0].map((one) => whole(session, one)));
  const profiles = await Promise.all(listed[1].map((one) => wholeProfile(session, one)));
  return [
    ...roles.filter((one) => isOurs(identity, one?.Tags)).map((one) => role(session, one ?? {})),
    ...profiles
      .filter((one) => isOurs(identity, one?.Tags))
      .map((one) => profile(session, one ?? {})),
  ];
}

async function whole(session: AwsSession, { RoleName }: Role): Promise<Role | undefined> {
  return await unlessGone(async () => {
    const answer = await look(session, `look at the role ${RoleName ?? ""}`, () =>
      session.iam.send(new GetRoleCommand({ RoleName })),
    );
    return answer.Role;
  });
}

async function wholeProfile(
  session: AwsSession,
  { InstanceProfileName }: InstanceProfile,
): Promise<InstanceProfile | undefined> {
  return await unlessGone(async () => {
    const answer = await look(
      session,
      `look at the instance profile ${InstanceProfileName ?? ""}`,
      () => session.iam.send(new GetInstanceProfileCommand({ InstanceProfileName })),
    );
    return answer.InstanceProfile;
  });
}

async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function profile(
  session: AwsSession,
  { InstanceProfileName: name = "", Roles = [] }: Partial<InstanceProfile>,
): CloudThing {
  return thing("instance profile", name, name, async () => {
    for (const { RoleName } of Roles) {
      await drop(session, `empty the instance profile ${name}`, () =>
        session.iam.send(
          new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: name, RoleName }),
        ),
      );
    }
    await drop(session, `delete the instance profile ${name}`, () =>
      session.iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName: name })),
    );
  });
}

/** Policies hold a role, those that people attached too. */
function role(session: AwsSession, { RoleName: name = "" }: Partial<Role>): CloudThing {
  const client = session.iam;
  return thing("role", name, name, async () => {
    const attached = await look(session, `list the policies of ${name}`, () =>
      everyItem(
        paginateListAttachedRolePolicies({ client }, { RoleName: name }),
        (page) => page.AttachedPolicies,
      ),
    );
    for (const { PolicyArn } of attached) {
      await drop(session, `detach ${PolicyArn ?? ""}`, () =>
        client.send(new DetachRolePolicyCommand({ RoleName: name, PolicyArn })),
      );
    }
    const own = await look(session, `list the policies of ${name}`, () =>
      everyItem(
        paginateListRolePolicies({ client }, { RoleName: name }),
        (page) => page.PolicyNames,
      ),
    );
    for (const PolicyName of own) {
      await drop(session, `delete the policy ${PolicyName}`, () =>
        client.send(new DeleteRolePolicyCommand({ RoleName: name, PolicyName })),
      );
    }
    await drop(session, `delete the role ${name}`, () =>
      client.send(new DeleteRoleCommand({ RoleName: name })),
    );
  });
}
