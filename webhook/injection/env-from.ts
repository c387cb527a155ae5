import type { EnvFromSource } from "#webhook/api/types";
import { settle } from "#webhook/injection/conflicts";
import type { Slot } from "#webhook/injection/containers";
import type { Draft } from "#webhook/injection/draft";
import { chosenSlots, noteNoContainer } from "#webhook/injection/draft";
import { listOf } from "#webhook/injection/list-change";
import { sameContent } from "#webhook/injection/same";
import type { Wish } from "#webhook/injection/wish";

/**
 * One Secret or ConfigMap as variables into each chosen container; the same source with the same
 * prefix never twice. Of several sources the last wins, so injected ones go in front of the pod's own,
 * whose keys nobody here knows; with Override, and in Kubeflow's and PodPreset's modes, behind.
 */
export function wishEnvFrom(draft: Draft, wish: Wish, source: EnvFromSource): void {
  const slots = chosenSlots(draft, wish.containers);
  const name = nameOf(source);
  if (slots.length === 0) noteNoContainer(draft, wish, `envFrom ${name}`);
  for (const slot of slots) {
    const own = listOf(slot.container["envFrom"] as readonly EnvFromSource[] | undefined);
    let index = own.findIndex((other) => sameContent(other, source));
    if (index < 0) index = own.findIndex((other) => nameOf(other) === name);
    const verdict = settle(draft, wish, {
      where: `${slot.where} envFrom ${name}`,
      wanted: source,
      own: own[index],
      same: sameContent,
      owner: "container",
    });
    if (verdict === "replace") slot.envFrom.replaced.push([index, source]);
    if (verdict === "add") put(slot, wish, source);
  }
}

function put({ envFrom }: Slot, wish: Wish, source: EnvFromSource): void {
  const behind = wish.conflict === "Override" || wish.mergeMode !== "Priority";
  const groups = behind ? envFrom.back : envFrom.front;
  // Kubeflow appends one policy's after the other's.
  const key = wish.mergeMode === "Priority" ? wish.source.policy : "";
  const group = groups.find((one) => one.key === key);
  if (group === undefined) groups.push({ key, sources: [source] });
  else group.sources.push(source);
}

/** What makes two sources one: where the values come from and how the variables are called. */
function nameOf({ prefix, secretRef, configMapRef }: EnvFromSource): string {
  const origin = secretRef ? `Secret ${secretRef.name}` : `ConfigMap ${configMapRef?.name ?? ""}`;
  return prefix ? `${origin} as ${prefix}*` : origin;
}
