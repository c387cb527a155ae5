import {
  cloudThings,
  keptVolumes,
  persistentVolumes,
  podsWith,
  type CloudThing,
} from "#bootstrap/clouds/cloud-things";
import type { Clock } from "#core/clock";
import { ClouderError, hasCode } from "#core/error";
import type { Reporter } from "#core/report";
import { waitFor } from "#core/retry";
import type { Kube } from "#kube/kube";
import {
  persistentVolumeClaims,
  pods,
  validatingAdmissionPolicies as policies,
  validatingAdmissionPolicyBindings as bindings,
} from "#kube/resources";

interface Around {
  readonly report: Reporter;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Load balancers take minutes. */
const timeoutMs = 600_000;

/**
 * Deletes Services of load balancers, Ingresses and claims, and waits until their controllers have
 * given back what they made in the cloud; gives their names. New ones are refused meanwhile. Volumes
 * that are to be kept are named and stay. `timeout` names what did not go.
 */
export async function releaseThings(kube: Kube, around: Around): Promise<readonly string[]> {
  const first = await cloudThings(kube);
  await tellKept(kube, around.report);
  if (first.length === 0) return [];
  await refuseNewOnes(kube);
  let left: readonly CloudThing[] = first;
  try {
    await waitFor(
      "that the cloud's controllers gave everything back",
      { timeoutMs, everyMs: 2000, clock: around.clock, signal: around.signal },
      async () => {
        left = await cloudThings(kube);
        if (left.length === 0) return true;
        await deleteThings(kube, left);
        const message = `waiting for ${left.map(({ title }) => title).join(", ")}`;
        around.report({ type: "note", level: "debug", message });
        return undefined;
      },
    );
  } catch (error) {
    // Whoever goes on with the cluster can have new ones again.
    await allowNewOnes(kube);
    if (!hasCode(error, "timeout")) throw error;
    const names = left.map(({ title }) => title);
    throw new ClouderError(
      "timeout",
      `the cloud's controllers did not give back ${names.join(", ")}`,
      {
        hint: "kubectl describe tells why; --force deletes the machines all the same, and what these made stays in the cloud",
        details: { left: names },
      },
    );
  }
  return first.map(({ title }) => title);
}

async function deleteThings(kube: Kube, things: readonly CloudThing[]): Promise<void> {
  // Volumes go with their claims, once no pod has them.
  const own = things.filter(({ resource }) => resource !== persistentVolumes);
  for (const { resource, name, going } of own) if (!going) await kube.remove(resource, name);
  const claims = own.filter(({ resource }) => resource === persistentVolumeClaims);
  for (const { metadata } of claims.length === 0 ? [] : await podsWith(kube, claims)) {
    const { name, namespace = "", deletionTimestamp } = metadata;
    if (deletionTimestamp === undefined) await kube.remove(pods, { name, namespace });
  }
}

async function tellKept(kube: Kube, report: Reporter): Promise<void> {
  const kept = await keptVolumes(kube);
  if (kept.length === 0) return;
  const message = `volumes that are to be kept stay in the cloud: ${kept.join(", ")}`;
  report({ type: "note", level: "warn", message });
}

const name = "clouder-cluster-goes";

/** Refuses Services of load balancers and claims: controllers would make claims anew for their pods. */
export function newThingsGuard() {
  const api = "admissionregistration.k8s.io/v1";
  const balanced = 'object.kind == "Service" && object.spec.?type.orValue("") != "LoadBalancer"';
  const policy = {
    ...{ apiVersion: api, kind: "ValidatingAdmissionPolicy", metadata: { name } },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        resourceRules: [
          {
            ...{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"] },
            resources: ["services", "persistentvolumeclaims"],
          },
        ],
      },
      validations: [{ expression: balanced, message: "this cluster is being deleted" }],
    },
  };
  const binding = {
    ...{ apiVersion: api, kind: "ValidatingAdmissionPolicyBinding", metadata: { name } },
    spec: { policyName: name, validationActions: ["Deny"] },
  };
  return { policy, binding };
}

async function refuseNewOnes(kube: Kube): Promise<void> {
  const { policy, binding } = newThingsGuard();
  await kube.apply(policies, policy, "kubectl-clouder");
  await kube.apply(bindings, binding, "kubectl-clouder");
}

async function allowNewOnes(kube: Kube): Promise<void> {
  for (const kind of [bindings, policies]) {
    await kube.remove(kind, { name }).catch(() => undefined);
  }
}
