import { ClouderError, hasCode } from "#core/error";
import type { Kube } from "#kube/kube";
import { readDocument } from "#plugin/cli/read-document";
import {
  clusterInjectionPolicies,
  injectionPolicies,
  type InjectionPolicy,
} from "#webhook/api/types";
import { fromPodDefault, type PodDefault } from "#webhook/policy/pod-default";

/** The one policy in a file, PodDefaults converted. */
export async function policyOfFile(path: string, namespace: string): Promise<InjectionPolicy> {
  const { parseAllDocuments } = await import("yaml");
  const documents = [...parseAllDocuments(await readDocument(path))];
  const problem = documents.flatMap(({ errors }) => errors)[0];
  if (problem) throw new ClouderError("usage", `${path} is no YAML: ${problem.message}`);
  const objects = documents.map((one) => one.toJS() as InjectionPolicy | PodDefault | null);
  const found = objects.flatMap((object): InjectionPolicy[] => {
    switch (object?.kind) {
      case "ClusterInjectionPolicy":
        return [object];
      case "InjectionPolicy":
        return [placed(object, namespace)];
      case "PodDefault":
        return [fromPodDefault(placed(object as PodDefault, namespace))];
      default:
        return [];
    }
  });
  const [policy] = found;
  if (policy && found.length === 1) return policy;
  throw new ClouderError("usage", `${path} holds ${String(found.length)} policies, not one`, {
    hint: "give one InjectionPolicy, ClusterInjectionPolicy or PodDefault",
  });
}

function placed<T extends { readonly metadata: { readonly namespace?: string } }>(
  object: T,
  namespace: string,
): T {
  return { ...object, metadata: { namespace, ...object.metadata } };
}

/** A policy of the namespace, else of the cluster. */
export async function policyOfCluster(
  kube: Kube,
  name: string,
  namespace: string,
): Promise<InjectionPolicy> {
  try {
    return await kube.get(injectionPolicies, { namespace, name });
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
  }
  try {
    return await kube.get(clusterInjectionPolicies, { name });
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    throw new ClouderError(
      "not-found",
      `there is no policy "${name}" in namespace ${namespace} or in the cluster`,
      { hint: "kubectl get injectionpolicies,clusterinjectionpolicies -A", cause: error },
    );
  }
}
