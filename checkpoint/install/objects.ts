import type { KubeObject } from "#kube/kube";
import { crds } from "#checkpoint/api/crds";
import { runtimeClassName } from "#checkpoint/api/names";
import { systemNamespaceObject } from "#checkpoint/api/system-namespace";
import { commonLabels } from "#kube/install/labels";
import { ownNodeGuard } from "#checkpoint/install/own-node-guard";
import { restoreGuard } from "#checkpoint/install/restore-guard";
import { serviceRoles, userRoles } from "#checkpoint/install/roles";
import type { InstallSettings } from "#checkpoint/install/settings";
import { agentDaemonSet, controllerObjects } from "#checkpoint/install/workloads";

/** Everything `install` applies, in the order of applying. */
export function installObjects(settings: InstallSettings): readonly KubeObject[] {
  return [...dataObjects(), ...programObjects(settings)];
}

/** What `uninstall` keeps: the namespace of credentials and the kinds that hold users' objects. */
export function dataObjects(): readonly KubeObject[] {
  return [systemNamespaceObject(), ...crds];
}

/** What `uninstall` removes. */
export function programObjects(settings: InstallSettings): readonly KubeObject[] {
  return [
    {
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name: runtimeClassName, labels: commonLabels },
      handler: runtimeClassName,
    } as KubeObject,
    // What bounds a right comes before it.
    ...(settings.preemption ? ownNodeGuard() : []),
    ...serviceRoles(settings),
    ...userRoles(),
    ...restoreGuard(),
    agentDaemonSet(settings),
    ...controllerObjects(settings),
  ];
}
