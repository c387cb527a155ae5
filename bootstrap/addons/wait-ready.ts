import type { Addon } from "#bootstrap/addons/addon";
import type { AddonPlace } from "#bootstrap/addons/apply-addon";
import { readRelease } from "#bootstrap/addons/helm/release";
import type { Reason } from "#bootstrap/addons/pod-reasons";
import { readinessOf } from "#bootstrap/addons/readiness";
import { ClouderError, hasCode } from "#core/error";
import { waitFor } from "#core/retry";

/** A kubelet has tried three times by then. */
const patienceMs = 40_000;

/** Waits until everything of a release is ready; fails with what it waits for, the decisive first. */
export async function waitUntilReady(
  addon: Addon,
  { kube, clock, signal }: AddonPlace,
  timeoutMs: number,
): Promise<void> {
  const release = await readRelease(kube, addon);
  let reasons: readonly Reason[] = [];
  let stuckSince: number | undefined;
  try {
    await waitFor(
      `${addon.name} being ready`,
      { timeoutMs, everyMs: 1000, clock, signal },
      async () => {
        const now = await readinessOf(kube, release?.objects ?? []);
        reasons = now.reasons;
        const stuck = reasons.some(({ final }) => final);
        stuckSince = stuck ? (stuckSince ?? clock.now()) : undefined;
        const since = stuckSince ?? clock.now();
        if (clock.now() - since > patienceMs) throw notReady(addon, reasons);
        return now.ready ? true : undefined;
      },
    );
  } catch (error) {
    throw hasCode(error, "timeout") ? notReady(addon, reasons, error) : error;
  }
}

function notReady(addon: Addon, reasons: readonly Reason[], cause?: ClouderError): ClouderError {
  const texts = [...new Set(reasons.map(({ text }) => text))].slice(0, 3);
  const message = `${addon.name} did not become ready: ${texts.join("; ")}`;
  const images = reasons.some(({ final }) => final);
  return new ClouderError(images ? "unreachable" : "timeout", message, {
    hint: images
      ? "let nodes reach that registry, mirror it, or bring the image: kubectl clouder cluster load-image"
      : `give it longer with --timeout, or look at its pods: kubectl -n ${addon.namespace} get pods,events`,
    ...(cause && { cause }),
  });
}
