import { labels } from "#checkpoint/api/names";

/** On everything that `install` makes. */
export const commonLabels: Readonly<Record<string, string>> = {
  [labels.partOf]: "kubectl-clouder",
};

/** On the objects of one component, and in its selectors. */
export function componentLabels(component: "agent" | "controller") {
  return { ...commonLabels, [labels.component]: component };
}
