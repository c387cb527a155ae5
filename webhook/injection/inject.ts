import type { Pod } from "#kube/objects";
import { wishCommand } from "#webhook/injection/command";
import type { Draft } from "#webhook/injection/draft";
import { draftOf } from "#webhook/injection/draft";
import { wishEnv } from "#webhook/injection/env";
import { wishEnvFrom } from "#webhook/injection/env-from";
import { wishMount } from "#webhook/injection/mounts";
import { operationsOf } from "#webhook/injection/patch";
import {
  wishEntry,
  wishField,
  wishPullSecret,
  wishSeccomp,
  wishToleration,
} from "#webhook/injection/pod-fields";
import { wishVolume } from "#webhook/injection/volumes";
import { wishContainer } from "#webhook/injection/whole-containers";
import type { Injection, Outcome, Wish, WishPart } from "#webhook/injection/wish";

/** Annotations that go into the same patch, made from what became of the wishes; undefined removes one. */
export type MarkPod = (
  outcomes: readonly Outcome[],
) => Readonly<Record<string, string | undefined>>;

/**
 * The smallest patch that gives the pod what is wished for, with what became of each wish. Wishes come
 * highest precedence first. The pod is not changed, and a pod that has it all gets an empty patch,
 * whatever other webhooks have renamed or reordered since. Throws when it is no pod at all.
 */
export function inject(pod: Pod, wishes: readonly Wish[], mark: MarkPod = noMarks): Injection {
  if (!wishes.some(isPreset)) return finished(drafted(pod, wishes), [], mark);
  const others = wishes.filter((wish) => !isPreset(wish));
  // PodPreset's rule: one conflict, with the pod as the others leave it, and none of its kind touches it.
  const draft = drafted(pod, [...others, ...wishes.filter(isPreset)]);
  if (draft.presetConflict === undefined) return finished(draft, [], mark);
  const reason = `a PodPreset leaves the pod untouched: ${draft.presetConflict}`;
  const dropped = wishes
    .filter(isPreset)
    .map((wish, index): Outcome => ({ ...droppedOutcome(wish, reason), ...told(index) }));
  return finished(drafted(pod, others), dropped, mark);
}

const noMarks: MarkPod = () => ({});

function isPreset({ mergeMode }: Wish): boolean {
  return mergeMode === "PodPreset";
}

function droppedOutcome({ source }: Wish, reason: string): Outcome {
  return { source, where: "pod", result: "skipped", reason };
}

/** Once is enough. */
function told(index: number): Pick<Outcome, "warn"> {
  return index === 0 ? { warn: true } : {};
}

function drafted(pod: Pod, wishes: readonly Wish[]): Draft {
  const draft = draftOf(pod);
  // First, because nothing is injected into containers that are a policy's own.
  for (const wish of wishes) {
    const { part } = wish;
    if (part.kind === "container") wishContainer(draft, wish, part.init, part.container);
  }
  for (const wish of wishes) settlePart(draft, wish);
  // Last, because they may name volumes of wishes that come later.
  for (const { wish, mount } of draft.mounts) wishMount(draft, wish, mount);
  return draft;
}

type Part<K extends WishPart["kind"]> = Extract<WishPart, { readonly kind: K }>;

const settlers: {
  readonly [K in WishPart["kind"]]: (draft: Draft, wish: Wish, part: Part<K>) => void;
} = {
  env: (draft, wish, { env }) => {
    wishEnv(draft, wish, env);
  },
  envFrom: (draft, wish, { source }) => {
    wishEnvFrom(draft, wish, source);
  },
  volume: (draft, wish, { volume, mounts }) => {
    wishVolume(draft, wish, volume, mounts);
  },
  mounts: (draft, wish, { mounts }) => {
    for (const mount of mounts) draft.mounts.push({ wish, mount });
  },
  serviceAccount: (draft, wish, { name }) => {
    wishField(draft, wish, "serviceAccountName", name);
  },
  automountToken: (draft, wish, { value }) => {
    wishField(draft, wish, "automountServiceAccountToken", value);
  },
  runtimeClass: (draft, wish, { name }) => {
    wishField(draft, wish, "runtimeClassName", name);
  },
  seccomp: (draft, wish, { profile }) => {
    wishSeccomp(draft, wish, profile);
  },
  nodeSelector: (draft, wish, entry) => {
    wishEntry(draft, wish, "nodeSelector", entry);
  },
  toleration: (draft, wish, { toleration }) => {
    wishToleration(draft, wish, toleration);
  },
  label: (draft, wish, entry) => {
    wishEntry(draft, wish, "labels", entry);
  },
  annotation: (draft, wish, entry) => {
    wishEntry(draft, wish, "annotations", entry);
  },
  imagePullSecret: (draft, wish, { name }) => {
    wishPullSecret(draft, wish, name);
  },
  container: () => undefined,
  command: (draft, wish, { field, value }) => {
    wishCommand(draft, wish, field, value);
  },
};

function settlePart(draft: Draft, wish: Wish): void {
  const settler = settlers[wish.part.kind] as (draft: Draft, wish: Wish, part: WishPart) => void;
  settler(draft, wish, wish.part);
}

function finished(draft: Draft, dropped: readonly Outcome[], mark: MarkPod): Injection {
  const outcomes = dropped.length === 0 ? draft.outcomes : [...dropped, ...draft.outcomes];
  if (draft.refusal !== undefined) return { operations: [], outcomes, refusal: draft.refusal };
  return { operations: operationsOf(draft, mark(outcomes)), outcomes };
}
