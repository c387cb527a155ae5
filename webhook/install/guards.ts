import { apiGroup, systemNamespace } from "#checkpoint/api/names";
import { componentLabels } from "#kube/install/labels";
import { admissionPolicy, type AdmissionGuard } from "#kube/install/admission-policy";
import type { KubeObject } from "#kube/kube";
import {
  exemptNamespaces,
  injectionAnnotations,
  injectionControllerName,
  injectionLabels,
  injectionUsers,
} from "#webhook/api/names";
import { restoredPod } from "#webhook/install/configuration";
import type { WebhookSettings } from "#webhook/install/settings";

/**
 * What the webhook cannot see to itself, as ValidatingAdmissionPolicies, which the API server evaluates
 * without a call; docs/webhook.md says why each is as it is. Mutation comes before validation: a
 * policy cannot tell the webhook's mark on a new pod from a forged one. So the webhook writes or
 * removes marks on every pod it sees, and these policies keep marks off pods it never sees.
 */
export function guards(settings: WebhookSettings): readonly KubeObject[] {
  return [userLabels(settings), marks(settings), required(settings), accounts(), homes()].flatMap(
    (guard) => admissionPolicy(guard, componentLabels("webhook")),
  );
}

/** Total: no pod lacks what is read here, so that none is refused for a mistake of ours. */
const before = (what: "labels" | "annotations") =>
  `request.operation == 'UPDATE' ? oldObject.metadata.?${what}.orValue({}) : {}`;
const after = (what: "labels" | "annotations") => `object.metadata.?${what}.orValue({})`;
const mayUse = (user: string) =>
  `authorizer.group('${apiGroup}').resource('${injectionUsers}').namespace(request.namespace).name(${user}).check('use').allowed()`;

/**
 * A pod's user is settled when it is made. A warm pod without one may be given to a user later by
 * somebody who may `use` that user; what was injected does not change by that, but selectors of
 * NetworkPolicies, Services and gateways do.
 */
function userLabels(settings: WebhookSettings): AdmissionGuard {
  return {
    name: "clouder-user-labels",
    spec: {
      matchConstraints: rules(["UPDATE"], ["pods", "pods/status"]),
      variables: [
        { name: "keys", expression: list(settings.userLabels) },
        { name: "was", expression: before("labels") },
        { name: "now", expression: after("labels") },
      ],
      validations: [
        {
          expression:
            "variables.keys.all(key, variables.was[?key].orValue('') == '' || variables.now[?key].orValue('') == variables.was[?key].orValue(''))",
          message: "the label that names a pod's user cannot be changed or removed",
        },
        {
          expression: `variables.keys.all(key, variables.was[?key].orValue('') != '' || variables.now[?key].orValue('') == '' || ${mayUse("variables.now[key]")})`,
          message: `only who may "use" ${injectionUsers}.${apiGroup} of that name may give a pod to a user`,
        },
      ],
    },
  };
}

/** What the webhook wrote about a pod stays; pods that it never sees bear no such mark. */
function marks(settings: WebhookSettings): AdmissionGuard {
  const disabled = `[?'${injectionLabels.inject}'].orValue('') == 'disabled'`;
  const asked = `namespaceObject.metadata.?labels[?'${injectionLabels.inject}'].orValue('') in ['enabled', 'required']`;
  const unseen = [
    `object.metadata.?labels${disabled}`,
    `namespaceObject.metadata.?labels${disabled}`,
    "object.metadata.?labels[?'app.kubernetes.io/part-of'].orValue('') == 'kubectl-clouder'",
    "object.spec.?priorityClassName.orValue('').startsWith('system-')",
    `request.namespace in ${list(settings.excludedNamespaces)}`,
    ...(settings.namespaces === "labelled" ? [`!(${asked})`] : []),
  ];
  return {
    name: "clouder-injection-marks",
    spec: {
      matchConstraints: rules(["CREATE", "UPDATE"], ["pods", "pods/status"]),
      variables: [
        {
          name: "keys",
          expression: list([injectionAnnotations.injected, injectionAnnotations.user]),
        },
        { name: "was", expression: before("annotations") },
        { name: "now", expression: after("annotations") },
        { name: "restored", expression: restoredPod },
        { name: "unseen", expression: unseen.map((one) => `(${one})`).join(" || ") },
      ],
      validations: [
        {
          expression:
            "request.operation != 'UPDATE' || variables.keys.all(key, variables.was[?key].orValue('') == variables.now[?key].orValue(''))",
          message: "the annotations that tell what was injected cannot be changed",
        },
        {
          expression:
            "request.operation != 'CREATE' || variables.restored || !variables.unseen || variables.keys.all(key, !(key in variables.now))",
          message: "this pod is not injected, so it cannot bear the annotations of one that is",
        },
      ],
    },
  };
}

/**
 * For namespaces labelled inject=required: a pod with a user that came past the webhook, as
 * failurePolicy Ignore lets it while no replica answers, is refused instead of started bare.
 */
function required(settings: WebhookSettings): AdmissionGuard {
  const labelled = { matchLabels: { [injectionLabels.inject]: "required" } };
  return {
    name: "clouder-required-injection",
    spec: {
      matchConstraints: { ...rules(["CREATE"], ["pods"]), namespaceSelector: labelled },
      variables: [
        { name: "keys", expression: list(settings.userLabels) },
        { name: "labels", expression: after("labels") },
        { name: "annotations", expression: after("annotations") },
      ],
      validations: [
        {
          expression: `variables.keys.all(key, variables.labels[?key].orValue('') == '') || (${restoredPod}) || '${injectionAnnotations.injected}' in variables.annotations`,
          message: `this namespace requires injection, and nothing was injected into this pod: kubectl clouder webhook status`,
        },
      ],
    },
  };
}

/** A ServiceAccount can stand for a user: who may edit ServiceAccounts must not choose whom. */
function accounts(): AdmissionGuard {
  const key = `[?'${injectionLabels.user}'].orValue('')`;
  return {
    name: "clouder-user-accounts",
    spec: {
      matchConstraints: rules(["CREATE", "UPDATE"], ["serviceaccounts"]),
      variables: [
        { name: "was", expression: before("labels") },
        { name: "user", expression: `object.metadata.?labels${key}` },
      ],
      validations: [
        {
          expression: `variables.user == '' || variables.user == variables.was${key} || ${mayUse("variables.user")}`,
          message: `only who may "use" ${injectionUsers}.${apiGroup} of that name may give a ServiceAccount to a user`,
        },
      ],
    },
  };
}

/** Only the controller makes homes, so that nobody lays a prepared one out for another user. */
function homes(): AdmissionGuard {
  const key = `[?'${injectionLabels.home}'].orValue('')`;
  const controller = `system:serviceaccount:${systemNamespace}:${injectionControllerName}`;
  return {
    name: "clouder-home-claims",
    spec: {
      matchConstraints: rules(
        ["CREATE", "UPDATE"],
        ["persistentvolumeclaims", "persistentvolumeclaims/status"],
      ),
      variables: [
        { name: "was", expression: before("labels") },
        { name: "user", expression: `object.metadata.?labels${key}` },
      ],
      validations: [
        {
          expression: `variables.user == variables.was${key} || request.userInfo.username == '${controller}' || (variables.user != '' && variables.was${key} == '' && ${mayUse("variables.user")})`,
          message: "the label that names the user of a home cannot be changed",
        },
      ],
    },
  };
}

function rules(operations: readonly string[], resources: readonly string[]): object {
  return {
    // The parts of a cluster that must come up whatever happens are left alone.
    namespaceSelector: {
      matchExpressions: [
        { key: "kubernetes.io/metadata.name", operator: "NotIn", values: [...exemptNamespaces] },
      ],
    },
    resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations, resources }],
    matchPolicy: "Equivalent",
  };
}

/** A list of CEL strings; keys and names were checked by webhookSettings. */
function list(values: readonly string[]): string {
  return `[${values.map((value) => `'${value}'`).join(", ")}]`;
}
