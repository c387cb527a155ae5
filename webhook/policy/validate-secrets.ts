import type { SecretItem } from "#webhook/api/types";
import { problemOf } from "#webhook/policy/problem";
import type { Problem } from "#webhook/policy/problem";
import { reservedReason } from "#webhook/policy/reserved";

interface Rule {
  readonly field: string;
  readonly broken: (secret: SecretItem) => boolean;
  readonly problem: string;
  readonly cure: string;
}

/** The CRD's rules, said in code. */
const rules: readonly Rule[] = [
  {
    field: "name",
    broken: ({ name, label }) => (name === undefined) === (label === undefined),
    problem: "must be given, or label, and not both",
    cure: "give one of them",
  },
  {
    field: "mountPath",
    broken: ({ as, mountPath }) => as === "Files" && mountPath === undefined,
    problem: "is missing",
    cure: "files need a folder to be in",
  },
  {
    field: "mountPath",
    broken: ({ as, mountPath }) => as !== "Files" && mountPath !== undefined,
    problem: "is not for variables",
    cure: "use as: Files, or leave it out",
  },
  {
    field: "keys",
    broken: ({ as, name, keys }) => as === "Env" && name !== undefined && !keys,
    problem: "is missing",
    cure: "say which keys, or use as: EnvFrom",
  },
  {
    field: "keys",
    broken: ({ as, keys }) => as === "EnvFrom" && keys !== undefined,
    problem: "is not for EnvFrom, which takes all",
    cure: "use as: Env",
  },
  {
    field: "prefix",
    broken: ({ as, prefix }) => as === "Files" && prefix !== undefined,
    problem: "is not for files",
    cure: "leave it out",
  },
];

/** Problems of a reference to Secrets. */
export function secretProblems(
  secret: SecretItem,
  path: string,
  allowReserved: readonly string[],
): readonly Problem[] {
  const broken = rules
    .filter((rule) => rule.broken(secret))
    .map(({ field, problem, cure }) => problemOf(`${path}.${field}`, undefined, problem, cure));
  const keys = (secret.keys ?? []).flatMap(({ key, as }, index) => {
    const at = `${path}.keys[${index}]`;
    const name = as ?? key;
    if (secret.as === "Files") {
      return isRelative(name) ? [] : [problemOf(at, name, "leaves its folder", "use a file name")];
    }
    const variable = `${secret.prefix ?? ""}${name}`;
    const reserved = reservedReason(variable, allowReserved);
    return reserved === undefined
      ? []
      : [problemOf(at, variable, reserved, "give it another name with as")];
  });
  return [...broken, ...keys];
}

function isRelative(path: string): boolean {
  return !path.startsWith("/") && !path.split("/").includes("..");
}
