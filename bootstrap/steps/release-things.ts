import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { releaseThings } from "#bootstrap/clouds/release-things";
import type { PlanContext, Step, StepOutcome } from "#bootstrap/steps/step";
import { ClouderError, hasCode, messageOf } from "#core/error";
import { waitFor } from "#core/retry";
import type { Kube } from "#kube/kube";

/** How a delete reaches the cluster that goes. */
export interface ReleaseOptions {
  readonly connect: (kubeconfig: string) => Promise<Kube>;
  /** Go on although the cluster cannot give them back. */
  readonly force: boolean;
}

/**
 * What the cluster's controllers made in the cloud, given back while they still run. The kubeconfig
 * goes with the last of it, so that a delete which was broken off later does not look for them again.
 */
export function releaseCloudThings({ connect, force }: ReleaseOptions): Step {
  return {
    id: "cloud-things",
    title: "give load balancers and volumes back",
    scope: "cluster",
    needs: [],
    gives: [],
    preview: ({ provider }) =>
      provider.cloudFacts
        ? [
            "kubectl delete: Services of load balancers, Ingresses, claims; wait until they are gone",
          ]
        : ["nothing: there is no cloud"],
    run: async (context) => {
      if (!context.provider.cloudFacts) return { skipped: "there is no cloud" };
      const kubeconfig = join(context.folder, "kubeconfig");
      const there = await stat(kubeconfig).catch(() => undefined);
      if (!there) return { skipped: "no API server of it is known" };
      try {
        return await release(context, await connect(kubeconfig), kubeconfig);
      } catch (error) {
        if (!force || !hasCode(error, "unreachable", "timeout")) throw error;
        const message = `${messageOf(error)}; what they made may stay in the cloud`;
        context.report({ type: "note", level: "warn", message });
        return {};
      }
    },
  };
}

async function release(context: PlanContext, kube: Kube, kubeconfig: string): Promise<StepOutcome> {
  await awaitApi(context, kube);
  const released = await releaseThings(kube, context);
  await rm(kubeconfig, { force: true });
  return released.length === 0 ? { skipped: "there are none" } : {};
}

async function awaitApi({ spec, clock, signal }: PlanContext, kube: Kube): Promise<void> {
  try {
    const limits = { timeoutMs: 30_000, everyMs: 2000, clock, signal };
    await waitFor(`that ${spec.name} answers`, limits, async () => {
      const { status } = await kube.raw("GET", "/readyz");
      return status === 200 ? true : undefined;
    });
  } catch (error) {
    if (!hasCode(error, "timeout")) throw error;
    throw new ClouderError(
      "unreachable",
      `the API server of ${spec.name} does not answer, so its load balancers and volumes cannot be given back`,
      {
        hint: `start its control planes; or give them up: kubectl clouder cluster delete ${spec.name} --force`,
        cause: error,
      },
    );
  }
}
