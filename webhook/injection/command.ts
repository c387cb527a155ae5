import type { Draft } from "#webhook/injection/draft";
import { settle } from "#webhook/injection/conflicts";
import { chosenSlots, noteNoContainer } from "#webhook/injection/draft";
import { sameContent } from "#webhook/injection/same";
import type { Wish } from "#webhook/injection/wish";

/** Command or arguments for chosen containers that have none; never a conflict with those that do. */
export function wishCommand(
  draft: Draft,
  wish: Wish,
  field: "command" | "args",
  wanted: readonly string[],
): void {
  const slots = chosenSlots(draft, wish.containers);
  if (slots.length === 0) noteNoContainer(draft, wish, field);
  for (const slot of slots) {
    const own = slot.container[field] as readonly string[] | null | undefined;
    const meeting = {
      where: `${slot.where} ${field}`,
      wanted,
      own: own === null || own?.length === 0 ? undefined : own,
      same: sameContent,
      owner: "container" as const,
    };
    const lenient: Wish = { ...wish, conflict: "Keep" };
    if (settle(draft, lenient, meeting) === "add") slot.fields.push([field, wanted]);
  }
}
