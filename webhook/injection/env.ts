import type { EnvVar } from "#webhook/api/types";
import { reservedReason } from "#webhook/policy/reserved";
import { settle } from "#webhook/injection/conflicts";
import type { Slot } from "#webhook/injection/containers";
import type { Draft } from "#webhook/injection/draft";
import { chosenSlots, noteNoContainer, noteSkipped } from "#webhook/injection/draft";
import { listOf } from "#webhook/injection/list-change";
import { sameContent } from "#webhook/injection/same";
import type { Wish } from "#webhook/injection/wish";

/**
 * One variable into each chosen container; never a second one of the name. `$(NAME)` sees earlier
 * variables only, so injected ones go in front of the pod's own, which may refer to them; one that
 * itself refers to a variable of the pod goes behind. Kubeflow's and PodPreset's modes append, as
 * those did.
 */
export function wishEnv(draft: Draft, wish: Wish, env: EnvVar): void {
  const slots = chosenSlots(draft, wish.containers);
  if (slots.length === 0) noteNoContainer(draft, wish, `env ${env.name}`);
  const reserved = reservedReason(env.name, wish.allowReserved);
  for (const slot of slots) {
    const where = `${slot.where} env ${env.name}`;
    if (reserved !== undefined) noteSkipped(draft, wish, where, reserved);
    else settleEnv(draft, wish, slot, where, env);
  }
}

function settleEnv(draft: Draft, wish: Wish, slot: Slot, where: string, env: EnvVar): void {
  const index = ownIndex(slot, env.name);
  const own = index < 0 ? undefined : (slot.container.env?.[index] as EnvVar | undefined);
  const meeting = { where, wanted: env, own, same: sameContent, owner: "container" as const };
  const verdict = settle(draft, wish, meeting);
  if (verdict === "replace") slot.env.replaced.push([index, env]);
  if (verdict !== "add") return;
  const behind = wish.mergeMode !== "Priority" || refersBehind(slot, env);
  (behind ? slot.env.last : slot.env.first).push(env);
}

/** Of several variables of one name the last counts; -1 when there is none. */
function ownIndex({ container }: Slot, name: string): number {
  const own = listOf(container.env);
  let index = own.length - 1;
  while (index >= 0 && own[index]?.["name"] !== name) index--;
  return index;
}

/** Does the value refer to a variable that is the pod's own, or that had to go behind those? */
function refersBehind(slot: Slot, { value }: EnvVar): boolean {
  if (value?.includes("$(") !== true) return false;
  return [...value.matchAll(/\$\(([^)]+)\)/g)].some(
    ([, name = ""]) =>
      ownIndex(slot, name) >= 0 || slot.env.last.some((other) => other.name === name),
  );
}
