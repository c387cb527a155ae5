const partOf = "app.kubernetes.io/part-of";
const component = "app.kubernetes.io/component";
const product = "kubectl-clouder";

/** On everything that an installation makes. */
export const commonLabels: Readonly<Record<string, string>> = { [partOf]: product };

/** On the objects of one component, and in its selectors. */
export function componentLabels(name: string): Readonly<Record<string, string>> {
  return { ...commonLabels, [component]: name };
}

export function componentOf(labels: Readonly<Record<string, string>> | undefined): string {
  return labels?.[component] ?? "";
}

export function isOurs(object: { readonly metadata: { readonly labels?: object } }): boolean {
  return (object.metadata.labels as Record<string, unknown> | undefined)?.[partOf] === product;
}
