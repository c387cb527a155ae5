import type { Addon } from "#bootstrap/addons/addon";
import type { AddonPlace } from "#bootstrap/addons/apply-addon";
import { hasCode } from "#core/error";
import { waitFor } from "#core/retry";
import type { Namespace } from "#kube/objects";
import { namespaces } from "#kube/resources";

/** Pods get 30 s to end, and what they stood on is collected after them. */
const longestMs = 120_000;

/**
 * Gives whether an add-on's namespace is there. One that is being removed, as a failed enable just
 * before leaves it, takes nothing in: its end is waited for.
 */
export async function namespaceIsThere(
  { name, namespace }: Addon,
  { kube, report, clock, signal }: Pick<AddonPlace, "kube" | "report" | "clock" | "signal">,
): Promise<boolean> {
  const look = async (): Promise<Namespace | undefined> => {
    try {
      return await kube.get(namespaces, { name: namespace });
    } catch (error) {
      if (hasCode(error, "not-found")) return undefined;
      throw error;
    }
  };
  const ends = (found: Namespace | undefined) => found?.metadata.deletionTimestamp !== undefined;
  const first = await look();
  if (!ends(first)) return first !== undefined;
  const message = `${name}: waiting until the namespace ${namespace}, which is being removed, is gone`;
  report({ type: "note", level: "info", message });
  const hint = `what holds it: kubectl get namespace ${namespace} -o jsonpath='{.status.conditions}'`;
  return await waitFor(
    `the end of the namespace ${namespace}`,
    { timeoutMs: longestMs, everyMs: 1000, clock, signal, hint },
    async () => {
      const now = await look();
      return ends(now) ? undefined : now !== undefined;
    },
  );
}
