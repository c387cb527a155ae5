import { inventory, type Leftover } from "./inventory.ts";
import type { Site } from "./site.ts";
import { removeStages } from "#bootstrap/providers/remove-stages";
import { throwIfCancelled } from "#core/error";

const betweenMs = 5000;
/** Passes in which nothing went, and nothing was on its way out. */
const stalledPasses = 6;
const longestMs = 20 * 60_000;
/** How long a create whose answer nobody waited for may take to show. */
const settleMs = 60_000;

/**
 * Removes everything of a cluster, or of some of its machines, in passes, stage by stage, until a
 * look finds nothing or nothing moves any more; gives what is left.
 */
export async function removeThings(
  site: Site,
  machines: ReadonlySet<string> | "all",
): Promise<readonly string[]> {
  const { clock, signal } = site.session;
  const deadline = clock.now() + longestMs;
  const begun = machines === "all" ? Object.values(site.book.current().intents) : [];
  const settled = Math.max(0, ...begun) + settleMs;
  const reasons = new Map<string, string>();
  let before = "";
  let stalled = 0;
  for (;;) {
    throwIfCancelled(signal);
    const things = (await inventory(site)).filter((one) => concerns(one, machines));
    if (things.length === 0 && clock.now() >= settled) return [];
    const now = things.map(({ id, leaving }) => `${id} ${String(leaving)}`).join();
    const waiting = things.length === 0 || things.some(({ leaving }) => leaving);
    stalled = now === before && !waiting ? stalled + 1 : 0;
    if (stalled >= stalledPasses || clock.now() >= deadline) return things.map(told(reasons));
    before = now;
    await removeStages(
      things.filter(({ foreign }) => foreign !== true),
      reasons,
    );
    site.session.report({
      ...{ type: "note", level: "debug" },
      message: `${things.length} things were still in Azure`,
    });
    await clock.sleep(betweenMs, signal);
  }
}

function concerns(one: Leftover, machines: ReadonlySet<string> | "all"): boolean {
  if (machines === "all") return true;
  if (one.machine !== undefined) return machines.has(one.machine);
  return one.kind === "disk" && machines.has(one.name.replace(/-disk$/, ""));
}

function told(reasons: ReadonlyMap<string, string>) {
  return ({ kind, id, name, foreign }: Leftover): string => {
    const notes = [foreign === true ? "not made by us" : "", reasons.get(id) ?? ""];
    const about = notes.filter((one) => one !== "").join("; ");
    return about === "" ? `${kind} ${name}` : `${kind} ${name} (${about})`;
  };
}
