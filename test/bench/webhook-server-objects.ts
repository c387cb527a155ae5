import type { KubeObject } from "#kube/kube";
import type { ConfigMap } from "#kube/objects";
import { secretIndexName } from "#webhook/api/names";
import type { InjectionPolicy } from "#webhook/api/types";

const mount = (mountPath: string) => [{ mountPath }];

/** With the bench's pod these make 17 operations, as the reference measurements had. */
const policy: InjectionPolicy = {
  apiVersion: "clouder.datalayer.io/v1alpha1",
  kind: "ClusterInjectionPolicy",
  metadata: { name: "notebooks" },
  spec: {
    match: { podSelector: { matchLabels: { app: "jupyter" } } },
    user: { from: "PodLabel" },
    inject: [
      {
        name: "user",
        containers: { kinds: ["Main"] },
        env: [{ name: "CLOUDER_USER", value: "{user}" }],
      },
      {
        name: "region",
        containers: { include: ["notebook"] },
        env: [{ name: "CLOUDER_REGION", value: "eu-central-1" }],
      },
      { name: "token", secret: { name: "token-{user}", as: "EnvFrom" } },
      {
        name: "home",
        home: { claim: { size: "10Gi" }, mounts: mount("/home/jovyan") },
        containers: { kinds: ["Main"] },
      },
      {
        name: "keys",
        secret: { name: "keys-{user}", as: "Files", mountPath: "/run/keys" },
        containers: { include: ["notebook"] },
      },
      { name: "pool", pod: { nodeSelector: { "example.com/pool": "notebooks" } } },
    ],
  },
};

/** What the API server of the bench holds. */
export const objects: readonly KubeObject[] = [
  policy,
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "runtimes" } },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: secretIndexName, namespace: "runtimes" },
    data: {},
  } as ConfigMap,
];
