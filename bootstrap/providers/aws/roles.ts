import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  ListAttachedRolePoliciesCommand,
  PutRolePolicyCommand,
  type InstanceProfile,
  type Tag,
} from "@aws-sdk/client-iam";
import { ignoring, isGone } from "./aws-error.ts";
import { isOurs, tagsOf, uniqueName } from "./identity.ts";
import { ensurePart, type Place } from "./part.ts";
import { controllerPolicy, machineTrust, policyArns } from "./policies.ts";
import { change, createOnce, look } from "./session.ts";
import type { MachineRole } from "#bootstrap/providers/provider";
import { ClouderError } from "#core/error";

/** Path of all roles and profiles of this program, so that they can be listed apart. */
export const iamPath = "/clouder/";

/** A role for one kind of machine and the instance profile that hands it over; gives its name. */
export async function ensureProfile(
  place: Place,
  role: MachineRole,
  partition: string,
): Promise<string> {
  const { session, identity } = place;
  const name = uniqueName(identity, `-${role}`, 64);
  const part = { part: `role-${role}`, role: "identity", name };
  const Tags = tagsOf(identity, part);
  await ensurePart(place, part.part, {
    find: () => existing(place, name, async () => await getRole(place, name)),
    create: async () => {
      const { Role } = await createOnce(session, `create the role ${name}`, () =>
        session.iam.send(
          new CreateRoleCommand({
            ...{ RoleName: name, Path: iamPath, Tags },
            AssumeRolePolicyDocument: machineTrust,
            Description: `machines (${role}) of the clouder cluster ${identity.cluster}`,
          }),
        ),
      );
      return Role;
    },
  });
  await ensurePolicies(place, name, role, partition);
  const profile = await ensurePart<InstanceProfile>(place, `profile-${role}`, {
    find: () => existing(place, name, async () => await getProfile(place, name)),
    create: async () => {
      const answer = await createOnce(session, `create the instance profile ${name}`, () =>
        session.iam.send(
          new CreateInstanceProfileCommand({
            ...{ InstanceProfileName: name, Path: iamPath },
            Tags: tagsOf(identity, { ...part, part: `profile-${role}` }),
          }),
        ),
      );
      return answer.InstanceProfile ?? { ...emptyProfile };
    },
  });
  if (!profile.Roles?.some(({ RoleName }) => RoleName === name)) {
    // A profile holds one role: the limit says that it is in there.
    await ignoring(/^LimitExceeded/, () =>
      change(session, `put the role into the profile ${name}`, () =>
        session.iam.send(
          new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }),
        ),
      ),
    );
  }
  return name;
}

const emptyProfile = { Roles: [] } as unknown as InstanceProfile;

async function ensurePolicies(
  { session, identity }: Place,
  name: string,
  role: MachineRole,
  partition: string,
): Promise<void> {
  const { AttachedPolicies = [] } = await change(session, `look at the role ${name}`, () =>
    session.iam.send(new ListAttachedRolePoliciesCommand({ RoleName: name })),
  );
  const attached = new Set(AttachedPolicies.map(({ PolicyArn }) => PolicyArn));
  for (const PolicyArn of policyArns(role, partition)) {
    if (attached.has(PolicyArn)) continue;
    await look(session, `attach ${PolicyArn}`, () =>
      session.iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn })),
    );
  }
  if (role === "control-plane") {
    await change(session, `write the policy of the role ${name}`, () =>
      session.iam.send(
        new PutRolePolicyCommand({
          ...{ RoleName: name, PolicyName: "clouder-cloud-controllers" },
          PolicyDocument: controllerPolicy(identity.cluster),
        }),
      ),
    );
  }
}

/** What has that name, when it carries our tags; `exists` when it is somebody else's. */
async function existing<T extends { readonly Tags?: Tag[] | undefined }>(
  { identity }: Place,
  name: string,
  get: () => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    const found = await get();
    if (!found || isOurs(identity, found.Tags)) return found;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  throw new ClouderError("refused", `${name} in IAM is not this cluster's`, {
    hint: "rename or remove it, or choose another name for the cluster",
  });
}

async function getRole({ session }: Place, name: string) {
  const answer = await look(session, `look for the role ${name}`, () =>
    session.iam.send(new GetRoleCommand({ RoleName: name })),
  );
  return answer.Role;
}

async function getProfile({ session }: Place, name: string) {
  const answer = await look(session, `look for the instance profile ${name}`, () =>
    session.iam.send(new GetInstanceProfileCommand({ InstanceProfileName: name })),
  );
  return answer.InstanceProfile;
}
