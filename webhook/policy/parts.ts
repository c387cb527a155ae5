import type { InjectionItem, PodItem } from "#webhook/api/types";
import type { WishPart } from "#webhook/injection/wish";
import { homePart } from "#webhook/policy/claims";
import { secretParts } from "#webhook/policy/secrets";
import type { SecretContext } from "#webhook/policy/secrets";

/** What one item wishes for; the item is filled in. */
export function partsOf(item: InjectionItem, context: SecretContext): readonly WishPart[] {
  if (item.env) return item.env.map((env): WishPart => ({ kind: "env", env }));
  if (item.envFrom) return item.envFrom.map((source): WishPart => ({ kind: "envFrom", source }));
  if (item.secret) return secretParts(item.secret, context);
  if (item.home) return [homePart(item.home)];
  if (item.mounts) return [{ kind: "mounts", mounts: item.mounts }];
  if (item.volume) {
    const { volume, mounts } = item.volume;
    const named = mounts.map((mount) => ({ ...mount, name: volume.name }));
    return [{ kind: "volume", volume, mounts: named }];
  }
  return item.pod ? podParts(item.pod) : [];
}

function podParts(pod: PodItem): readonly WishPart[] {
  const parts: WishPart[] = [];
  if (pod.serviceAccountName !== undefined) {
    parts.push({ kind: "serviceAccount", name: pod.serviceAccountName });
  }
  if (pod.automountServiceAccountToken !== undefined) {
    parts.push({ kind: "automountToken", value: pod.automountServiceAccountToken });
  }
  if (pod.runtimeClassName !== undefined) {
    parts.push({ kind: "runtimeClass", name: pod.runtimeClassName });
  }
  if (pod.seccompProfile) parts.push({ kind: "seccomp", profile: { ...pod.seccompProfile } });
  return [...parts, ...mapParts(pod), ...listParts(pod)];
}

function mapParts({ nodeSelector, labels, annotations }: PodItem): readonly WishPart[] {
  return [
    ...entries(nodeSelector).map(([key, value]): WishPart => ({
      kind: "nodeSelector",
      key,
      value,
    })),
    ...entries(labels).map(([key, value]): WishPart => ({ kind: "label", key, value })),
    ...entries(annotations).map(([key, value]): WishPart => ({ kind: "annotation", key, value })),
  ];
}

function entries(map: Readonly<Record<string, string>> | undefined): [string, string][] {
  return Object.entries(map ?? {});
}

function listParts(pod: PodItem): readonly WishPart[] {
  const command = (field: "command" | "args"): readonly WishPart[] => {
    const value = pod[field];
    return value ? [{ kind: "command", field, value }] : [];
  };
  return [
    ...(pod.tolerations ?? []).map((toleration): WishPart => ({ kind: "toleration", toleration })),
    ...(pod.imagePullSecrets ?? []).map(({ name }): WishPart => ({
      kind: "imagePullSecret",
      name,
    })),
    ...(pod.initContainers ?? []).map((container): WishPart => ({
      kind: "container",
      init: true,
      container,
    })),
    ...(pod.containers ?? []).map((container): WishPart => ({
      kind: "container",
      init: false,
      container,
    })),
    ...command("command"),
    ...command("args"),
  ];
}
