import { systemNamespace, taints } from "#checkpoint/api/names";
import { admissionPolicy } from "#kube/install/admission-policy";
import { commonLabels } from "#kube/install/labels";
import type { KubeObject } from "#kube/kube";

/**
 * An agent that watches preemption notices may patch nodes, which is much: here the API server lets it
 * change one taint of the node that its token was given out for, and nothing else of a node's spec or
 * labels.
 */
export function ownNodeGuard(): readonly KubeObject[] {
  const others = (node: string) =>
    `${node}.spec.?taints.orValue([]).filter(t, t.key != '${taints.preemption}')`;
  const labels = (node: string) => `${node}.metadata.?labels.orValue({})`;
  const cordon = (node: string) => `${node}.spec.?unschedulable.orValue(false)`;
  return admissionPolicy(
    {
      name: "clouder-agent-own-node",
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["nodes"] },
          ],
          matchPolicy: "Equivalent",
        },
        matchConditions: [
          {
            name: "agents",
            expression: `request.userInfo.username == 'system:serviceaccount:${systemNamespace}:clouder-agent'`,
          },
        ],
        variables: [
          {
            name: "node",
            expression:
              "request.userInfo.?extra[?'authentication.kubernetes.io/node-name'][?0].orValue('')",
          },
        ],
        validations: [
          {
            expression: "variables.node == object.metadata.name",
            message: "an agent may change its own node only",
          },
          {
            expression: `${others("object")} == ${others("oldObject")}`,
            message: `an agent may change the taint ${taints.preemption} only`,
          },
          {
            expression: `${labels("object")} == ${labels("oldObject")}`,
            message: "an agent may not change its node's labels",
          },
          {
            expression: `${cordon("object")} == ${cordon("oldObject")}`,
            message: "an agent may not cordon its node",
          },
        ],
      },
    },
    commonLabels,
  );
}
