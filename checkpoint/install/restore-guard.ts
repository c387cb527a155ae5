import { apiGroup, injectionUsers, labels } from "#checkpoint/api/names";
import { admissionPolicy } from "#kube/install/admission-policy";
import { commonLabels } from "#kube/install/labels";
import type { KubeObject } from "#kube/kube";

/**
 * A checkpoint of an injected pod holds its user's secrets. Its Restore has to name that user (the
 * controller sees to it), and here the API server asks who makes the Restore: somebody who may `use`
 * the user, or anybody in a namespace that belongs to them.
 */
export function restoreGuard(): readonly KubeObject[] {
  const mayUse = `authorizer.group('${apiGroup}').resource('${injectionUsers}').namespace(request.namespace).name(variables.user).check('use').allowed()`;
  const owner = `namespaceObject.metadata.?labels[?'${labels.user}'].orValue('')`;
  return admissionPolicy(
    {
      name: "clouder-restore-users",
      spec: {
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [apiGroup],
              apiVersions: ["*"],
              operations: ["CREATE"],
              resources: ["restores"],
            },
          ],
          matchPolicy: "Equivalent",
        },
        variables: [{ name: "user", expression: "object.spec.?user.orValue('')" }],
        validations: [
          {
            expression: `variables.user == '' || ${owner} == variables.user || ${mayUse}`,
            message: `only who may "use" ${injectionUsers}.${apiGroup} of that name may restore what was injected for that user`,
          },
        ],
      },
    },
    commonLabels,
  );
}
