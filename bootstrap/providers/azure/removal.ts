import { inventory, type Leftover } from "./inventory.ts";
import type { Site } from "./site.ts";
import { removeInPasses } from "#bootstrap/providers/remove-in-passes";

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
  const { clock, signal, report } = site.session;
  const begun = machines === "all" ? Object.values(site.book.current().intents) : [];
  const left = await removeInPasses({
    ...{ clock, signal },
    look: async () => (await inventory(site)).filter((one) => concerns(one, machines)),
    settled: Math.max(0, ...begun) + settleMs,
    progress: (count) => {
      const message = `${String(count)} things were still in Azure`;
      report({ type: "note", level: "debug", message });
    },
  });
  return left.map(({ thing: { kind, name, foreign }, reason = "" }) => {
    const notes = [foreign === true ? "not made by us" : "", reason];
    const about = notes.filter((one) => one !== "").join("; ");
    return about === "" ? `${kind} ${name}` : `${kind} ${name} (${about})`;
  });
}

function concerns(one: Leftover, machines: ReadonlySet<string> | "all"): boolean {
  if (machines === "all") return true;
  if (one.machine !== undefined) return machines.has(one.machine);
  return one.kind === "disk" && machines.has(one.name.replace(/-disk$/, ""));
}
