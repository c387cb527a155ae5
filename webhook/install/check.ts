import { fail, type Finding, ok, warn } from "#core/finding";
import type { Kube } from "#kube/kube";
import { exemptNamespaces } from "#webhook/api/names";
import { probeWebhook } from "#webhook/install/probe";
import { webhookStatus } from "#webhook/install/status";

const subject = "webhook";

/** What `doctor` says of the webhook; a webhook that was left out on purpose is in order. */
export async function checkWebhook(
  kube: Kube,
  namespace: string,
  now: number,
): Promise<readonly Finding[]> {
  const { configuration, replicas, problems } = await webhookStatus(kube, now);
  if (!configuration && replicas.length === 0) {
    return [ok(subject, "installed", "is not installed: nothing is injected into pods")];
  }
  const cure = "kubectl clouder webhook status";
  const found = problems.map((problem) => fail(subject, "replicas", problem, cure));
  const count = `${String(replicas.length)} replicas are ready`;
  const state = found.length > 0 ? found : [ok(subject, "replicas", count)];
  // Where nobody answers, the way to them tells nothing.
  const canAnswer = configuration && replicas.some(({ status }) => status?.ready);
  return canAnswer ? [...state, await reachable(kube, namespace)] : state;
}

/** Firewalls of managed clusters often close the way from the API server to pods. */
async function reachable(kube: Kube, namespace: string): Promise<Finding> {
  const check = "reachable";
  if (exemptNamespaces.includes(namespace)) {
    const message = `cannot be tried from ${namespace}, whose pods are never sent to it`;
    return warn(subject, check, message, "name another namespace: --namespace");
  }
  const result = await probeWebhook(kube, namespace);
  if (result.reached) {
    const time = `${String(result.milliseconds)} ms`;
    return ok(subject, check, `the API server reaches it: a dry run of a pod took ${time}`);
  }
  return result.silent
    ? warn(
        subject,
        check,
        result.reason,
        `is ${namespace} left out by its label or by --exclude-namespace? else open port 8443 of pods to the API server`,
      )
    : fail(
        subject,
        check,
        result.reason,
        "open port 8443 of the nodes' pods to the API server, then try again",
      );
}
