import type { KubeObject, Resource } from "#kube/kube";
import { daemonSets, deployments } from "#kube/resources";
import { systemNamespace } from "#checkpoint/api/names";
import {
  type CheckGroup,
  fail,
  type Finding,
  ok,
  type Patient,
  warn,
} from "#checkpoint/doctor/check";
import { daemonSetRollout, deploymentRollout, type Rollout } from "#kube/install/rollout";
import { hasCode } from "#core/error";

const subject = "cluster";

/** Agents and controller are there, up to date and ready. */
export const programs: CheckGroup = {
  name: "programs",
  perNode: false,
  run: async (patient) => [
    await look(patient, daemonSets, "clouder-agent", daemonSetRollout),
    await look(patient, deployments, "clouder-controller", deploymentRollout),
  ],
};

async function look<T extends KubeObject>(
  { kube }: Patient,
  resource: Resource<T>,
  name: string,
  rolloutOf: (object: T) => Rollout,
): Promise<Finding> {
  try {
    const found = await kube.get(resource, { namespace: systemNamespace, name });
    const { ready, wanted, done } = rolloutOf(found);
    if (done && wanted > 0) return ok(subject, name, `${ready} of ${wanted} are ready`);
    const message = `${ready} of ${wanted} are ready`;
    const cure = `kubectl -n ${systemNamespace} describe pods -l app.kubernetes.io/component=${name.slice("clouder-".length)}`;
    return ready > 0 ? warn(subject, name, message, cure) : fail(subject, name, message, cure);
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    return fail(subject, name, "is not installed", "kubectl clouder install");
  }
}
