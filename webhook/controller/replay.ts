import { systemNamespace } from "#checkpoint/api/names";
import type { Pod } from "#kube/objects";
import { injectionAnnotations, injectionControllerName, runtimeLabels } from "#webhook/api/names";
import type { InjectionPolicy, UserIdentity } from "#webhook/api/types";
import { withKnown } from "#webhook/policy/known";
import { presets } from "#webhook/policy/presets";
import type { Creator, InjectionWorld, WantedClaim } from "#webhook/policy/request";
import { wishesFor } from "#webhook/policy/wishes";

/** An injected pod that waits for claims, with what is needed of it and no more. */
export interface WaitingPod {
  readonly pod: Pod;
  readonly namespace: string;
  /** Whom the webhook believed it belongs to. */
  readonly user: string;
  /** What the webhook injected, as `policy/item`. */
  readonly injected: readonly string[];
  readonly claimNames: readonly string[];
}

/** Undefined for pods that were not injected for a user, or mount no claim. */
export function waitingPod(pod: Pod): WaitingPod | undefined {
  const { annotations = {}, deletionTimestamp, namespace = "" } = pod.metadata;
  const user = annotations[injectionAnnotations.user];
  const injected = annotations[injectionAnnotations.injected];
  if (!user || !injected || deletionTimestamp !== undefined) return undefined;
  if ((pod.status?.phase ?? "Pending") !== "Pending") return undefined;
  const claimNames = claimsOf(pod);
  if (claimNames.length === 0) return undefined;
  return {
    pod: stripped(pod),
    namespace,
    user,
    injected: injected.split(",").map((one) => one.trim()),
    claimNames,
  };
}

function claimsOf({ spec }: Pod): readonly string[] {
  const claims = (spec.volumes ?? []).map(
    (volume) => volume["persistentVolumeClaim"] as { readonly claimName?: string } | undefined,
  );
  return claims.flatMap((claim) => (claim?.claimName === undefined ? [] : [claim.claimName]));
}

function stripped({ apiVersion, kind, metadata, spec }: Pod): Pod {
  const { name, namespace, uid, labels = {}, annotations = {}, ownerReferences = [] } = metadata;
  const known = { name, labels, annotations, ownerReferences };
  return {
    apiVersion,
    kind,
    metadata: {
      ...known,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
    spec,
  };
}

/**
 * The claims that were wished for when the pod was injected: the policies are asked again, for the
 * user whom the webhook believed then. A claim counts only when the pod's mark names its item and a
 * volume of the pod names the claim, so that nothing is made that nobody mounts.
 */
export async function claimsFor(
  { pod, namespace, user, injected, claimNames }: WaitingPod,
  world: InjectionWorld,
): Promise<readonly WantedClaim[]> {
  const request = { pod, namespace, creator: controller };
  const { claims } = await withKnown(believing(world, pod, user), (known) =>
    wishesFor(request, known),
  );
  return claims.filter(
    (claim) =>
      claim.user === user &&
      claimNames.includes(claim.name) &&
      injected.includes(`${claim.policy}/${claim.item}`),
  );
}

const controller: Creator = {
  username: `system:serviceaccount:${systemNamespace}:${injectionControllerName}`,
  groups: [],
};
const trusted: NonNullable<UserIdentity["trusted"]> = {
  serviceAccounts: [{ namespace: systemNamespace, name: injectionControllerName }],
};

/** Per policy, once: it is compiled once, too. */
const trusting = new WeakMap<InjectionPolicy, InjectionPolicy>();

/** The world in which the controller's word is believed about this user and no other. */
function believing(world: InjectionWorld, pod: Pod, user: string): InjectionWorld {
  return {
    ...world,
    policies: (namespace) =>
      world.policies(namespace).flatMap((policy) => {
        const identity = identityOf(policy);
        if (identity?.from !== "PodLabel") return [policy];
        // Of somebody else, it was not believed then and is not now.
        const said = pod.metadata.labels?.[identity.key ?? runtimeLabels.userUid];
        return said === user ? [trustingOf(policy, identity)] : [];
      }),
    mayUse: () => false,
  };
}

function identityOf({ spec }: InjectionPolicy): UserIdentity | undefined {
  return spec.user ?? (spec.preset ? presets[spec.preset].user : undefined);
}

function trustingOf(policy: InjectionPolicy, identity: UserIdentity): InjectionPolicy {
  const known = trusting.get(policy);
  if (known) return known;
  const made = { ...policy, spec: { ...policy.spec, user: { ...identity, trusted } } };
  trusting.set(policy, made);
  return made;
}
