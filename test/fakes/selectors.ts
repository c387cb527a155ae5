import type { KubeObject } from "#kube/kube";

/** Label and field selectors as the API server understands them. */
export function matches(
  object: KubeObject,
  labelSelector: string | undefined,
  fieldSelector: string | undefined,
): boolean {
  const labels = object.metadata.labels ?? {};
  return (
    requirements(labelSelector).every((requirement) => matchesLabel(labels, requirement)) &&
    requirements(fieldSelector).every((requirement) => matchesField(object, requirement))
  );
}

/** Splits at commas outside of brackets. */
function requirements(selector: string | undefined): string[] {
  return (selector ?? "")
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function matchesLabel(labels: Readonly<Record<string, string>>, requirement: string): boolean {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(requirement);
  if (set) {
    const values = (set[3] ?? "").split(",").map((value) => value.trim());
    const value = labels[set[1] ?? ""];
    const inside = value !== undefined && values.includes(value);
    return set[2] === "in" ? inside : !inside;
  }
  const equality = /^([^!=\s]+)\s*(==?|!=)\s*(\S*)$/.exec(requirement);
  if (equality) {
    const same = labels[equality[1] ?? ""] === equality[3];
    return equality[2] === "!=" ? !same : same;
  }
  return requirement.startsWith("!") ? !(requirement.slice(1) in labels) : requirement in labels;
}

function matchesField(object: KubeObject, requirement: string): boolean {
  const [, path = "", operator = "", wanted = ""] =
    /^([^!=\s]+)\s*(==?|!=)\s*(.*)$/.exec(requirement) ?? [];
  if (operator === "") throw new Error(`not a field selector: ${requirement}`);
  let value: unknown = object;
  for (const key of path.split(".")) value = (value as Record<string, unknown> | undefined)?.[key];
  const same = (typeof value === "string" ? value : "") === wanted;
  return operator === "!=" ? !same : same;
}
