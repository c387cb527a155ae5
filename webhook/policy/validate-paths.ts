import type { InjectionItem, Mount } from "#webhook/api/types";
import { problemOf } from "#webhook/policy/problem";
import type { Problem } from "#webhook/policy/problem";

/** Paths at which a mount hides what the kubelet or the image cannot do without. */
const untouchable = ["/", "/proc", "/sys", "/dev", "/var/run/secrets/kubernetes.io/serviceaccount"];

/** Problems of all mount paths and sub-paths of an item. */
export function pathProblems(item: InjectionItem, path: string): readonly Problem[] {
  const { secret, home, volume, mounts } = item;
  return [
    ...mountsProblems(volume?.mounts, `${path}.volume.mounts`),
    ...mountsProblems(home?.mounts, `${path}.home.mounts`),
    ...mountsProblems(mounts, `${path}.mounts`),
    ...mountPathProblems(secret?.mountPath, `${path}.secret.mountPath`),
    ...subPathProblems(home?.shared?.subPath, `${path}.home.shared.subPath`),
  ];
}

function mountsProblems(mounts: readonly Mount[] = [], path: string): readonly Problem[] {
  const seen = new Set<string>();
  return mounts.flatMap(({ mountPath, subPath }, index) => {
    const plain = mountPath.replace(/\/+$/, "");
    const twice = seen.has(plain);
    seen.add(plain);
    const at = `${path}[${index}]`;
    return [
      ...mountPathProblems(mountPath, `${at}.mountPath`),
      ...subPathProblems(subPath, `${at}.subPath`),
      ...(twice
        ? [problemOf(`${at}.mountPath`, mountPath, "is used twice", "one mount a path")]
        : []),
    ];
  });
}

function mountPathProblems(mountPath: string | undefined, path: string): readonly Problem[] {
  if (mountPath === undefined) return [];
  if (!mountPath.startsWith("/")) {
    return [problemOf(path, mountPath, "is relative", "start it with a slash")];
  }
  if (mountPath.split("/").includes("..") || mountPath.includes(":")) {
    return [problemOf(path, mountPath, "is no plain path", "it holds neither .. nor a colon")];
  }
  const plain = mountPath.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");
  return untouchable.includes(plain)
    ? [problemOf(path, mountPath, "hides what the container needs", "use another folder")]
    : [];
}

function subPathProblems(subPath: string | undefined, path: string): readonly Problem[] {
  if (subPath === undefined) return [];
  if (subPath.startsWith("/")) {
    return [problemOf(path, subPath, "is absolute", "write it relative to the volume")];
  }
  return subPath.split("/").includes("..")
    ? [problemOf(path, subPath, "leaves the volume", "it holds no ..")]
    : [];
}
