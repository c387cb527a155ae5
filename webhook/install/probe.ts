import { hasCode, messageOf } from "#core/error";
import type { Kube } from "#kube/kube";
import type { Pod } from "#kube/objects";
import { pods } from "#kube/resources";
import { askReplicas } from "#webhook/install/replicas";

/** What a pod creation that never happens tells about the way from the API server to the webhook. */
export type ProbeResult =
  | { readonly reached: true; readonly milliseconds: number }
  | { readonly reached: false; readonly reason: string; readonly silent: boolean };

/**
 * Has the API server admit a pod without storing it, and sees whether a replica was called. With
 * failurePolicy Ignore a call that fails leaves no other trace: the pod is just not injected.
 */
export async function probeWebhook(kube: Kube, namespace: string): Promise<ProbeResult> {
  const before = await calls(kube);
  const started = performance.now();
  try {
    await kube.create(pods, probePod(namespace), { dryRun: true });
  } catch (error) {
    if (!isCallFailure(error)) throw error;
    return { reached: false, reason: messageOf(error), silent: false };
  }
  const milliseconds = Math.round(performance.now() - started);
  if ((await calls(kube)) > before) return { reached: true, milliseconds };
  const reason = `a pod made in ${namespace} was let through, and no replica was called`;
  return { reached: false, reason, silent: true };
}

/** The API server answers 500 for a webhook that it cannot call. */
function isCallFailure(error: unknown): boolean {
  return (
    hasCode(error, "unreachable", "timeout", "internal", "refused") &&
    /failed calling webhook|failed to call webhook/.test(error.message)
  );
}

/** Of all replicas since they started. */
async function calls(kube: Kube): Promise<number> {
  const counts = (await askReplicas(kube)).flatMap(({ status }) =>
    Object.values(status?.calls ?? {}),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Passes every level of Pod Security, and quotas that ask for requests and limits. */
function probePod(namespace: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "", generateName: "clouder-probe-", namespace },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "probe",
          image: "registry.k8s.io/pause:3.10",
          resources: {
            requests: { cpu: "1m", memory: "1Mi" },
            limits: { cpu: "1m", memory: "1Mi" },
          },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
}
