import { apiGroup, systemNamespace } from "#checkpoint/api/names";
import { systemNamespaceObject } from "#checkpoint/api/system-namespace";
import { clusterRole, serviceAccount } from "#kube/install/accounts";
import { commonLabels } from "#kube/install/labels";
import type { KubeObject } from "#kube/kube";
import type { Certificate } from "#kube/resources";
import { injectionCrds } from "#webhook/api/crds";
import { injectionControllerName, servingSecretName, webhookName } from "#webhook/api/names";
import { servingNames } from "#webhook/certificates/facts";
import { controllerClusterRules, controllerNamespaceRules } from "#webhook/controller/rights";
import { webhookConfiguration } from "#webhook/install/configuration";
import { guards } from "#webhook/install/guards";
import type { Issuer, WebhookSettings } from "#webhook/install/settings";
import { controllerObjects, webhookObjects } from "#webhook/install/workloads";
import { webhookClusterRules, webhookNamespaceRules } from "#webhook/server/rights";

/**
 * Everything `webhook install` applies, in the order of applying: the configuration, by which the API
 * server begins to call, comes last.
 */
export function webhookInstallObjects(settings: WebhookSettings): readonly KubeObject[] {
  return [
    ...webhookDataObjects(),
    ...webhookProgramObjects(settings),
    webhookConfiguration(settings),
  ];
}

/** What `webhook uninstall` keeps: the kinds that hold users' policies, and the namespace. */
export function webhookDataObjects(): readonly KubeObject[] {
  return [systemNamespaceObject(), ...injectionCrds];
}

/** What `webhook uninstall` removes besides the configuration, which goes first. */
export function webhookProgramObjects(settings: WebhookSettings): readonly KubeObject[] {
  const { certificates } = settings;
  const webhook = { name: webhookName, namespace: systemNamespace };
  const controller = { name: injectionControllerName, namespace: systemNamespace };
  return [
    ...serviceAccount(webhook, webhookClusterRules, webhookNamespaceRules),
    ...serviceAccount(controller, controllerClusterRules, controllerNamespaceRules),
    ...policyRoles(),
    ...(certificates.mode === "own" ? [] : [certificateObject(certificates.issuer)]),
    ...controllerObjects(settings),
    ...webhookObjects(settings),
    ...guards(settings),
  ];
}

/**
 * Who may look at a namespace may read its policies; only its administrators write them. Policies of
 * the cluster and `use` of users are granted by hand.
 */
function policyRoles(): readonly KubeObject[] {
  const rule = { apiGroups: [apiGroup], resources: ["injectionpolicies"] };
  const read = ["get", "list", "watch"];
  const write = ["create", "update", "patch", "delete", "deletecollection"];
  return [
    clusterRole("clouder-injection-view", [{ ...rule, verbs: read }], ["view"]),
    clusterRole("clouder-injection-admin", [{ ...rule, verbs: [...read, ...write] }], ["admin"]),
  ];
}

/** cert-manager makes the Secret that the webhook reads, and fills in the configuration's caBundle. */
export function certificateObject(issuer: Issuer): KubeObject {
  const certificate: Certificate = {
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: { name: servingSecretName, namespace: systemNamespace, labels: commonLabels },
    spec: {
      secretName: servingSecretName,
      dnsNames: [...servingNames],
      duration: "2160h",
      privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
      issuerRef: { group: "cert-manager.io", ...issuer },
    },
  };
  return certificate;
}
