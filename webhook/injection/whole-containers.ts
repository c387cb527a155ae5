import type { Container } from "#kube/objects";
import { injectionAnnotations } from "#webhook/api/names";
import { settle } from "#webhook/injection/conflicts";
import type { Draft } from "#webhook/injection/draft";
import { listOf } from "#webhook/injection/list-change";
import { sameContent } from "#webhook/injection/same";
import { sourceName } from "#webhook/injection/wish";
import type { Wish } from "#webhook/injection/wish";

type List = "containers" | "initContainers" | "ephemeralContainers";

interface Found {
  readonly list: List;
  readonly container: Container;
  /** In the pod's own list; absent for a wish's. */
  readonly index?: number;
}

/**
 * A container or init container added whole, by its name. Init containers and native sidecars go in
 * front: what they prepare or block is there for the pod's own. Nothing is injected into a container
 * that came from a policy, neither in this call nor in the next one.
 */
export function wishContainer(draft: Draft, wish: Wish, init: boolean, added: object): void {
  const container = added as Container;
  const { name } = container;
  const list = init ? "initContainers" : "containers";
  const own = find(draft, name);
  const where = `${list}/${name}`;
  const verdict = settle<Found>(draft, wish, {
    where,
    wanted: { list, container },
    own,
    same: (a, b) => a.list === b.list && sameContainer(draft, wish, a, b),
    owner: "pod",
    fixed: own === undefined || own.list === list ? undefined : `the name is one of ${own.list}`,
  });
  if (verdict === "replace" && own?.index !== undefined) {
    draft[list].replaced.push([own.index, container]);
  } else if (verdict === "add") {
    (init ? draft.initContainers.first : draft.containers.last).push(container);
  }
  const result = draft.claims.get(where)?.result ?? "kept";
  if (["injected", "present", "overridden"].includes(result)) draft.added.add(name);
}

function find(draft: Draft, name: string): Found | undefined {
  for (const list of ["containers", "initContainers", "ephemeralContainers"] as const) {
    const containers = listOf(draft.pod.spec[list]);
    const index = containers.findIndex((other) => other.name === name);
    const container = containers[index];
    if (container !== undefined) return { list, container, index };
  }
  for (const list of ["containers", "initContainers"] as const) {
    const change = [...draft[list].first, ...draft[list].last];
    const container = change.find((other) => other.name === name);
    if (container !== undefined) return { list, container };
  }
  return undefined;
}

/**
 * A container in the pod has the API server's defaults and what other webhooks put into it, so that
 * its image tells whether it is the wished one; or the pod's mark, when its image was replaced too.
 */
function sameContainer(draft: Draft, wish: Wish, a: Found, b: Found): boolean {
  if (a.index === undefined) return sameContent(a.container, b.container);
  if (a.container.image === b.container.image) return true;
  const mark = draft.pod.metadata.annotations?.[injectionAnnotations.injected];
  return mark?.split(",").includes(sourceName(wish.source)) === true;
}
