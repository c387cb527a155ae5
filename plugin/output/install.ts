import type { KubeObject } from "#kube/kube";
import type { Applied } from "#kube/install/apply-objects";
import type { Removed } from "#kube/install/remove-objects";
import { referenceOf } from "#kube/install/kinds";
import { type Result, table } from "#plugin/output/result";

/** What `install` did to each object. */
export function appliedResult(applied: readonly Applied[]): Result {
  return {
    object: { objects: applied },
    table: table(applied, [
      { title: "object", value: (row) => row.object },
      { title: "namespace", wide: true, value: (row) => row.namespace },
      { title: "result", value: (row) => row.outcome },
    ]),
    names: applied.map((row) => row.object),
  };
}

/** The objects themselves, as `kubectl apply -f` takes them; JSON needs one document: a List. */
export function renderedResult(objects: readonly KubeObject[], format: string): Result {
  const list = { apiVersion: "v1", kind: "List", items: objects };
  return {
    object: format === "json" ? list : objects,
    names: objects.map(referenceOf),
  };
}

/** What `uninstall` removed and kept. */
export function removedResult(removed: readonly Removed[]): Result {
  return {
    object: { objects: removed },
    table: table(removed, [
      { title: "object", value: (row) => row.object },
      { title: "result", value: (row) => row.outcome },
      { title: "reason", value: (row) => row.reason },
    ]),
    names: removed.map((row) => row.object),
  };
}
