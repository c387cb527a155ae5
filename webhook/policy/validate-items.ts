import { blockStorageClasses } from "#webhook/api/names";
import { parseQuantity } from "#kube/quantity";
import type { EnvVar, HomeItem, InjectionItem, Volume } from "#webhook/api/types";
import { placeholdersIn } from "#webhook/policy/placeholders";
import { problemOf } from "#webhook/policy/problem";
import type { Problem } from "#webhook/policy/problem";
import { reservedReason } from "#webhook/policy/reserved";
import { pathProblems } from "#webhook/policy/validate-paths";
import { podProblems } from "#webhook/policy/validate-pod";
import { secretProblems } from "#webhook/policy/validate-secrets";

const kinds = ["env", "envFrom", "secret", "volume", "mounts", "home", "pod"] as const;

/** Problems of one item whose shape is right. */
export function itemProblems(
  item: InjectionItem,
  path: string,
  allowReserved: readonly string[],
): readonly Problem[] {
  const given = kinds.filter((kind) => item[kind] !== undefined);
  if (given.length !== 1) {
    const what = given.length === 0 ? "nothing" : given.join(" and ");
    return [problemOf(path, item.name, `gives ${what}`, `give one of ${kinds.join(", ")}`)];
  }
  return [
    ...envProblems(item.env ?? [], `${path}.env`, allowReserved),
    ...(item.envFrom ?? []).flatMap((source, index) =>
      Boolean(source.secretRef) === Boolean(source.configMapRef)
        ? [eitherOr(`${path}.envFrom[${index}]`, "secretRef", "configMapRef")]
        : [],
    ),
    ...(item.secret ? secretProblems(item.secret, `${path}.secret`, allowReserved) : []),
    ...(item.home ? homeProblems(item.home, `${path}.home`) : []),
    ...(item.volume ? volumeProblems(item.volume.volume, `${path}.volume.volume`) : []),
    ...(item.pod ? podProblems(item.pod, `${path}.pod`) : []),
    ...pathProblems(item, path),
    ...handleProblems(item, path),
  ];
}

function eitherOr(path: string, one: string, other: string): Problem {
  return problemOf(path, undefined, `must have either ${one} or ${other}`, "give one of them");
}

const sources = ["secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef"];

function envProblems(
  env: readonly EnvVar[],
  path: string,
  allowReserved: readonly string[],
): readonly Problem[] {
  const seen = new Set<string>();
  return env.flatMap(({ name, value, valueFrom }, index) => {
    const at = `${path}[${index}]`;
    const found: Problem[] = [];
    const reserved = reservedReason(name, allowReserved);
    if (reserved !== undefined) {
      found.push(
        problemOf(`${at}.name`, name, reserved, "name it in spec.allowReserved if need be"),
      );
    }
    if (seen.has(name)) found.push(problemOf(`${at}.name`, name, "is set twice", "keep one"));
    seen.add(name);
    if (value !== undefined && valueFrom) found.push(eitherOr(at, "value", "valueFrom"));
    const given = Object.keys(valueFrom ?? {});
    if (valueFrom && (given.length !== 1 || !sources.includes(given[0] ?? ""))) {
      const cure = `give one of ${sources.join(", ")}`;
      found.push(problemOf(`${at}.valueFrom`, given, "is no single known source", cure));
    }
    return found;
  });
}

function homeProblems({ claim, shared }: HomeItem, path: string): readonly Problem[] {
  if (Boolean(claim) === Boolean(shared)) return [eitherOr(path, "claim", "shared")];
  if (!claim) return [];
  const found: Problem[] = [];
  const { name, size, storageClassName = "", accessModes = [] } = claim;
  if (name !== undefined && !placeholdersIn(name).has("user")) {
    const cure = "put {user} into it: each user has a claim of their own";
    found.push(problemOf(`${path}.claim.name`, name, "is the same for all users", cure));
  }
  if (!(parseQuantity(size) > 0)) {
    found.push(problemOf(`${path}.claim.size`, size, "is no size", "give one such as 10Gi"));
  }
  const shares = accessModes.filter((mode) => mode.endsWith("Many"));
  if (shares.length > 0 && blockStorageClasses.includes(storageClassName)) {
    found.push(
      problemOf(
        `${path}.claim.accessModes`,
        shares,
        `cannot be had of ${storageClassName}, whose disks are attached to one node at a time`,
        "use ReadWriteOnce, or a class of a shared file system such as aws-efs or azure-nfs",
      ),
    );
  }
  return found;
}

function volumeProblems(volume: Volume, path: string): readonly Problem[] {
  const given = Object.keys(volume).filter((key) => key !== "name");
  return given.length === 1
    ? []
    : [problemOf(path, given, "must have one source", "such as emptyDir: {} or projected")];
}

/** The handle is whatever the pod's author says, so it may name a place inside the pod only. */
function handleProblems(item: InjectionItem, path: string): readonly Problem[] {
  const outside = {
    envFrom: item.envFrom,
    secret: { ...item.secret, mountPath: "" },
    volume: item.volume?.volume,
    claim: item.home?.claim,
    shared: item.home?.shared,
    valueFrom: item.env?.map(({ valueFrom }) => valueFrom),
    pod: { ...item.pod, initContainers: [], containers: [] },
    subPaths: mountsOf(item).map(({ subPath }) => subPath),
  };
  return placeholdersIn(outside).has("handle")
    ? [
        problemOf(
          path,
          item.name,
          "uses {handle}, which is the pod author's word, to choose what is injected",
          "use {user} there; {handle} is for mountPath and values",
        ),
      ]
    : [];
}

function mountsOf({ volume, home, mounts }: InjectionItem): readonly { subPath?: string }[] {
  return volume?.mounts ?? home?.mounts ?? mounts ?? [];
}
