import { apiGroup } from "#checkpoint/api/names";
import { runtimeLabels } from "#webhook/api/names";
import type { PodItem } from "#webhook/api/types";
import { problemOf } from "#webhook/policy/problem";
import type { Problem } from "#webhook/policy/problem";

/** Problems of defaults for the pod itself. */
export function podProblems(pod: PodItem, path: string): readonly Problem[] {
  return [
    ...keyProblems(pod.labels, `${path}.labels`),
    ...keyProblems(pod.annotations, `${path}.annotations`),
    ...profileProblems(pod, path),
  ];
}

/** A policy that could set them would decide who a pod belongs to, or undo what is written there. */
function keyProblems(
  marks: Readonly<Record<string, string>> | undefined,
  path: string,
): readonly Problem[] {
  return Object.keys(marks ?? {})
    .filter((key) => key.startsWith(`${apiGroup}/`) || key === runtimeLabels.userUid)
    .map((key) =>
      problemOf(path, key, "is not a policy's to set", "leave it to who creates the pod"),
    );
}

function profileProblems({ seccompProfile }: PodItem, path: string): readonly Problem[] {
  if (!seccompProfile) return [];
  const local = seccompProfile.type === "Localhost";
  if (local === (seccompProfile.localhostProfile !== undefined)) return [];
  return [
    problemOf(
      `${path}.seccompProfile`,
      seccompProfile,
      "does not fit together",
      "type Localhost, and only that, has a localhostProfile",
    ),
  ];
}
