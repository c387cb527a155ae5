import type * as admission from "#kube/admission";
import type { KubeObject, Resource } from "#kube/kube";
import type * as objects from "#kube/objects";
import type * as storage from "#kube/storage";

export type * from "#kube/admission";
export type * from "#kube/objects";
export type * from "#kube/storage";

/** Descriptors of Kubernetes' own kinds; their types are in `#kube/objects` and beside it. */

function core<T extends KubeObject>(kind: string, plural: string, namespaced = true): Resource<T> {
  return { apiVersion: "v1", kind, plural, namespaced };
}

function grouped<T extends KubeObject>(
  apiVersion: string,
  kind: string,
  plural: string,
  namespaced: boolean,
): Resource<T> {
  return { apiVersion, kind, plural, namespaced };
}

export const pods = core<objects.Pod>("Pod", "pods");
export const nodes = core<objects.Node>("Node", "nodes", false);
export const namespaces = core<objects.Namespace>("Namespace", "namespaces", false);
export const secrets = core<objects.Secret>("Secret", "secrets");
export const configMaps = core<objects.ConfigMap>("ConfigMap", "configmaps");
export const events = core<objects.Event>("Event", "events");
export const serviceAccounts = core("ServiceAccount", "serviceaccounts");
export const services = core<objects.Service>("Service", "services");
export const persistentVolumeClaims = core<storage.PersistentVolumeClaim>(
  "PersistentVolumeClaim",
  "persistentvolumeclaims",
);

export const leases = grouped<objects.Lease>("coordination.k8s.io/v1", "Lease", "leases", true);
export const daemonSets = grouped<objects.DaemonSet>("apps/v1", "DaemonSet", "daemonsets", true);
export const deployments = grouped<objects.Deployment>(
  "apps/v1",
  "Deployment",
  "deployments",
  true,
);
export const customResourceDefinitions = grouped<objects.CustomResourceDefinition>(
  "apiextensions.k8s.io/v1",
  "CustomResourceDefinition",
  "customresourcedefinitions",
  false,
);
export const runtimeClasses = grouped<objects.RuntimeClass>(
  "node.k8s.io/v1",
  "RuntimeClass",
  "runtimeclasses",
  false,
);
export const selfSubjectAccessReviews = grouped<objects.SelfSubjectAccessReview>(
  "authorization.k8s.io/v1",
  "SelfSubjectAccessReview",
  "selfsubjectaccessreviews",
  false,
);
export const subjectAccessReviews = grouped<admission.SubjectAccessReview>(
  "authorization.k8s.io/v1",
  "SubjectAccessReview",
  "subjectaccessreviews",
  false,
);
export const storageClasses = grouped<storage.StorageClass>(
  "storage.k8s.io/v1",
  "StorageClass",
  "storageclasses",
  false,
);

const registration = "admissionregistration.k8s.io/v1";
export const mutatingWebhookConfigurations = grouped<admission.MutatingWebhookConfiguration>(
  registration,
  "MutatingWebhookConfiguration",
  "mutatingwebhookconfigurations",
  false,
);
export const validatingAdmissionPolicies = grouped<admission.AdmissionPolicy>(
  registration,
  "ValidatingAdmissionPolicy",
  "validatingadmissionpolicies",
  false,
);
export const validatingAdmissionPolicyBindings = grouped<admission.AdmissionPolicy>(
  registration,
  "ValidatingAdmissionPolicyBinding",
  "validatingadmissionpolicybindings",
  false,
);
/** Of cert-manager, where that is installed. */
export const certificates = grouped<admission.Certificate>(
  "cert-manager.io/v1",
  "Certificate",
  "certificates",
  true,
);

const rbac = "rbac.authorization.k8s.io/v1";
export const roles = grouped(rbac, "Role", "roles", true);
export const roleBindings = grouped(rbac, "RoleBinding", "rolebindings", true);
export const clusterRoles = grouped(rbac, "ClusterRole", "clusterroles", false);
export const clusterRoleBindings = grouped(
  rbac,
  "ClusterRoleBinding",
  "clusterrolebindings",
  false,
);
export const podDisruptionBudgets = grouped(
  "policy/v1",
  "PodDisruptionBudget",
  "poddisruptionbudgets",
  true,
);
