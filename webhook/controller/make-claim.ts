import { hasCode } from "#core/error";
import { componentLabels } from "#kube/install/labels";
import type { Kube, OwnerReference } from "#kube/kube";
import type { PersistentVolumeClaim, StorageClass } from "#kube/storage";
import { persistentVolumeClaims, storageClasses } from "#kube/resources";
import { injectionLabels } from "#webhook/api/names";
import type { WantedClaim } from "#webhook/policy/request";
import { refusedModes } from "#webhook/controller/access-modes";
import { controllerAnnotations, reasons, type ClaimTrouble } from "#webhook/controller/names";

/** What became of a wanted claim. */
export type ClaimOutcome =
  | { readonly kind: "made" | "present" }
  /** Nothing helps but somebody's doing; tried again later. */
  | { readonly kind: "trouble"; readonly reason: ClaimTrouble; readonly message: string };

const isDefault = "storageclass.kubernetes.io/is-default-class";

/** Makes the claim unless it exists. Idempotent: several pods of a user, and replicas, share it. */
export async function makeClaim(
  kube: Kube,
  wanted: WantedClaim,
  owner: OwnerReference | undefined,
): Promise<ClaimOutcome> {
  const found = await find(kube, wanted);
  if (found) return judge(kube, found, wanted);
  const trouble = await classTrouble(kube, wanted);
  if (trouble) return trouble;
  try {
    await kube.create(persistentVolumeClaims, claimOf(wanted, owner));
    return { kind: "made" };
  } catch (error) {
    if (hasCode(error, "exists")) return { kind: "present" };
    if (!hasCode(error, "denied", "refused")) throw error;
    const isQuota = /exceeded quota|quota.*exceeded/i.test(error.message);
    return troubleOf(
      isQuota ? reasons.quota : reasons.refused,
      `claim ${wanted.name} (${wanted.size}) was refused: ${error.message}`,
    );
  }
}

/** A claim that exists is never changed; it may still be none that the pod can use. */
async function judge(
  kube: Kube,
  { metadata, spec, status }: PersistentVolumeClaim,
  wanted: WantedClaim,
): Promise<ClaimOutcome> {
  const { name, user, accessModes } = wanted;
  const holder = metadata.labels?.[injectionLabels.home];
  if (holder !== undefined && holder !== user) {
    return troubleOf(reasons.otherUser, `claim ${name} is the home of ${holder}, not of ${user}`);
  }
  if (holder === undefined) {
    return troubleOf(
      reasons.unknownUser,
      `claim ${name} was not made for ${user}: label it ${injectionLabels.home}=${user} when it is theirs`,
    );
  }
  const lacking = accessModes.filter((mode) => !(spec.accessModes ?? []).includes(mode));
  if (lacking.length > 0) {
    return troubleOf(
      reasons.accessMode,
      `claim ${name} is ${(spec.accessModes ?? []).join(", ")}, the policy asks for ${lacking.join(", ")}; a claim's access modes cannot be changed`,
    );
  }
  if (status?.phase === "Bound" || spec.volumeName) return { kind: "present" };
  const asMade = spec.storageClassName === undefined ? wanted : { ...wanted, ...spec };
  return (await classTrouble(kube, { ...wanted, ...classOf(asMade) })) ?? { kind: "present" };
}

function classOf({ storageClassName }: { readonly storageClassName?: string }) {
  return storageClassName === undefined ? {} : { storageClassName };
}

async function classTrouble(kube: Kube, wanted: WantedClaim): Promise<ClaimOutcome | undefined> {
  const { storageClassName, accessModes } = wanted;
  // By hand: a volume is chosen among those that exist.
  if (storageClassName === "") return undefined;
  const all = await kube.list(storageClasses);
  const found =
    storageClassName === undefined
      ? all.find(({ metadata }) => metadata.annotations?.[isDefault] === "true")
      : all.find(({ metadata }) => metadata.name === storageClassName);
  if (!found) return troubleOf(reasons.classMissing, missingClass(wanted, all));
  const refused = refusedModes(found, accessModes);
  return refused === undefined ? undefined : troubleOf(reasons.accessMode, refused);
}

function missingClass(
  { storageClassName, name }: WantedClaim,
  all: readonly StorageClass[],
): string {
  const names = all.map(({ metadata }) => metadata.name).sort();
  const there = names.length === 0 ? "there is none" : `there is ${names.join(", ")}`;
  return storageClassName === undefined
    ? `claim ${name} names no StorageClass and the cluster has no default one; ${there}`
    : `claim ${name} asks for StorageClass ${storageClassName}, which does not exist; ${there}`;
}

function troubleOf(reason: ClaimTrouble, message: string): ClaimOutcome {
  return { kind: "trouble", reason, message };
}

function claimOf(wanted: WantedClaim, owner: OwnerReference | undefined): PersistentVolumeClaim {
  const { namespace, name, user, policy, item, size, accessModes, deletion } = wanted;
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      namespace,
      name,
      labels: { ...componentLabels("home"), [injectionLabels.home]: user },
      annotations: { [controllerAnnotations.policy]: policy, [controllerAnnotations.item]: item },
      // Without an owner it outlives everything but somebody's delete.
      ...(deletion === "Delete" && owner ? { ownerReferences: [owner] } : {}),
    },
    spec: { accessModes, resources: { requests: { storage: size } }, ...classOf(wanted) },
  };
}

async function find(
  kube: Kube,
  { namespace, name }: WantedClaim,
): Promise<PersistentVolumeClaim | undefined> {
  try {
    return await kube.get(persistentVolumeClaims, { namespace, name });
  } catch (error) {
    if (hasCode(error, "not-found")) return undefined;
    throw error;
  }
}
