import {
  capabilitiesAnnotation,
  containerEndpoints,
  endpointAccount,
  readCapabilities,
  troubleAnnotation,
  type Capabilities,
} from "#checkpoint/api/endpoint";
import { whenInstalled } from "#checkpoint/engine/installed";
import type { Clock } from "#core/clock";
import { ClouderError, isClouderError, messageOf } from "#core/error";
import type { Reporter } from "#core/report";
import type { Kube } from "#kube/kube";
import { leases } from "#kube/resources";

export interface Heartbeat {
  readonly name: string;
  readonly namespace: string;
  readonly capabilities: Capabilities;
  /** Why it takes nothing now. */
  readonly trouble?: string | undefined;
}

/** Tells once, from the endpoint's side, that it lives and what it can take. */
export async function beat(
  { name, namespace, capabilities, trouble }: Heartbeat,
  kube: Kube,
  now: number,
): Promise<void> {
  const text = JSON.stringify(capabilities);
  if (!readCapabilities(text)) {
    throw new ClouderError("usage", "the capabilities are not of their form", {
      hint: "use quantities like 8 and 32Gi, words as type and labels, at most 64 labels",
    });
  }
  await kube.patch(
    leases,
    { namespace, name: endpointAccount(name) },
    {
      metadata: {
        annotations: { [capabilitiesAnnotation]: text, [troubleAnnotation]: trouble ?? null },
      },
      // MicroTime wants six decimals.
      spec: { renewTime: new Date(now).toISOString().replace("Z", "000Z") },
    },
  );
}

/**
 * Beats as often as the endpoint's object says, until the signal aborts. What may pass is told and
 * tried again at the next beat; a token that ended, or an endpoint that was deleted, ends it.
 */
export async function keepBeating(
  heartbeat: Heartbeat,
  kube: Kube,
  { clock, report, signal }: { clock: Clock; report: Reporter; signal: AbortSignal },
): Promise<void> {
  const { name, namespace } = heartbeat;
  const endpoint = await whenInstalled(kube.get(containerEndpoints, { namespace, name }));
  const everyMs = endpoint.spec.heartbeatSeconds * 1000;
  while (!signal.aborted) {
    try {
      await beat(heartbeat, kube, clock.now());
    } catch (error) {
      if (!isClouderError(error) || !error.retryable) throw error;
      report({ type: "note", level: "warn", message: messageOf(error) });
    }
    await clock.sleep(everyMs, signal).catch(() => undefined);
  }
}
