import { labels, runtimeClassName } from "#checkpoint/api/names";
import type { Pod } from "#kube/objects";
import { runtimeLabels } from "#webhook/api/names";
import type { InjectionItem, Preset, UserIdentity } from "#webhook/api/types";
import { labelOf } from "#webhook/policy/selector";

export interface PresetItem {
  readonly item: InjectionItem;
  /** Only for such pods; absent: all that the policy matches. */
  readonly applies?: (pod: Pod) => boolean;
  /** Left out without a warning where a placeholder stands for nothing. */
  readonly quiet?: true;
}

export interface PresetRecipe {
  readonly items: readonly PresetItem[];
  /** Why the whole policy has no business with a pod. */
  readonly mismatch?: (pod: Pod) => string | undefined;
  /** Where the policy names no user itself. */
  readonly user?: UserIdentity;
}

const optedIn = `${labels.checkpoint}=true`;

function isWindows({ spec }: Pod): boolean {
  const os = spec["os"] as { readonly name?: string } | undefined;
  return os?.name === "windows" || spec.nodeSelector?.["kubernetes.io/os"] === "windows";
}

function isAvailable(pod: Pod): boolean {
  return labelOf(pod.metadata.labels, runtimeLabels.podStatus) === "available";
}

/** The original tool's shared file system. */
const shared = (subPath: string, mountPath: string): NonNullable<InjectionItem["home"]> => ({
  shared: { claimName: "shared-fs-pvc", subPath },
  mounts: [{ mountPath }],
});

export const presets: Readonly<Record<Preset, PresetRecipe>> = {
  Datalayer: {
    user: { from: "PodLabel" },
    items: [
      { item: { name: "secrets", secret: { label: runtimeLabels.userUid, as: "Env" } } },
      { item: { name: "home", home: shared("home/users/{user}", "/home/jovyan/{handle}") } },
      {
        quiet: true,
        item: {
          name: "organization-home",
          home: shared("home/organizations/{organization}", "/home/jovyan/{organization}"),
        },
      },
      {
        quiet: true,
        item: { name: "team-home", home: shared("home/teams/{team}", "/home/jovyan/{team}") },
      },
      {
        applies: isAvailable,
        item: {
          name: "warm",
          secret: {
            name: "runtime-user-{slot}",
            as: "Files",
            mountPath: "/var/run/secrets/datalayer.io/user",
            optional: true,
          },
        },
      },
    ],
  },
  Checkpointable: {
    mismatch: (pod) => {
      if (labelOf(pod.metadata.labels, labels.checkpoint) !== "true") {
        return `the pod is not labelled ${optedIn}`;
      }
      return isWindows(pod) ? "Windows pods cannot be checkpointed" : undefined;
    },
    items: [
      { item: { name: "runtime-class", pod: { runtimeClassName } } },
      { item: { name: "seccomp", pod: { seccompProfile: { type: "RuntimeDefault" } } } },
      { item: { name: "io-uring", env: [{ name: "UV_USE_IO_URING", value: "0" }] } },
    ],
  },
};

/** The names that `presetOptions.without` may hold. */
export function presetItemNames(preset: Preset): readonly string[] {
  return presets[preset].items.map(({ item }) => item.name);
}
