import type { KubeObject, ObjectName, Resource } from "#kube/kube";
import * as kinds from "#kube/resources";
import { ClouderError } from "#core/error";

const known: readonly Resource[] = [
  kinds.namespaces,
  kinds.customResourceDefinitions,
  kinds.runtimeClasses,
  kinds.serviceAccounts,
  kinds.clusterRoles,
  kinds.clusterRoleBindings,
  kinds.roles,
  kinds.roleBindings,
  kinds.daemonSets,
  kinds.deployments,
  kinds.podDisruptionBudgets,
  kinds.services,
  kinds.mutatingWebhookConfigurations,
  kinds.validatingAdmissionPolicies,
  kinds.validatingAdmissionPolicyBindings,
  kinds.certificates,
  kinds.secrets,
  kinds.storageClasses,
];

/** The REST descriptor of an object that this program makes. */
export function resourceOf(object: KubeObject): Resource {
  const found = known.find(
    ({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind,
  );
  if (found) return found;
  throw new ClouderError("internal", `no resource for ${object.apiVersion} ${object.kind}`);
}

export function nameOf({ metadata: { name, namespace } }: KubeObject): ObjectName {
  return namespace === undefined ? { name } : { name, namespace };
}

/** `daemonset.apps/clouder-agent`, as kubectl names objects. */
export function referenceOf(object: KubeObject): string {
  const [group = "", version] = object.apiVersion.split("/");
  const kind = object.kind.toLowerCase();
  return `${version === undefined ? kind : `${kind}.${group}`}/${object.metadata.name}`;
}
