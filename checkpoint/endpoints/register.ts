import {
  containerEndpoints,
  endpointAccount,
  endpointLabel,
  type ContainerEndpoint,
  type EndpointSpec,
} from "#checkpoint/api/endpoint";
import { apiGroup, apiVersion, fieldManager } from "#checkpoint/api/names";
import { whenInstalled } from "#checkpoint/engine/installed";
import { ClouderError } from "#core/error";
import { commonLabels } from "#kube/install/labels";
import type { Kube, KubeObject, ObjectMeta, Resource } from "#kube/kube";
import { configMaps, leases, roleBindings, roles, serviceAccounts } from "#kube/resources";

export interface WantedEndpoint {
  readonly name: string;
  readonly namespace: string;
  readonly spec: EndpointSpec;
  /** Lifetime of its token. */
  readonly tokenSeconds: number;
  /** How the endpoint reaches the API server, where that is not how we do. */
  readonly server?: string | undefined;
}

export interface RegisteredEndpoint {
  readonly endpoint: ContainerEndpoint;
  /** With the endpoint's token: secret. */
  readonly kubeconfig: string;
  readonly expires: string;
}

/**
 * Makes or changes an endpoint with an identity of its own, which may renew its own Lease and look at
 * its own object and nothing else, and gives a token for it. Idempotent; each call gives a new token.
 */
export async function registerEndpoint(
  wanted: WantedEndpoint,
  kube: Kube,
): Promise<RegisteredEndpoint> {
  const { name, namespace, spec } = wanted;
  const object: ContainerEndpoint = {
    ...{ apiVersion, kind: "ContainerEndpoint" },
    ...{ metadata: { name, namespace, labels: commonLabels }, spec },
  };
  const endpoint = await whenInstalled(kube.apply(containerEndpoints, object, fieldManager));
  const owned: ObjectMeta = {
    ...{ name: endpointAccount(name), namespace },
    labels: { ...commonLabels, [endpointLabel]: name },
    // All of it goes with the endpoint, its tokens too.
    ownerReferences: [{ apiVersion, kind: "ContainerEndpoint", name, uid: uidOf(endpoint) }],
  };
  for (const [resource, one] of identity(name, owned))
    await kube.apply(resource, one, fieldManager);
  const { token, expires } = await tokenFor(kube, owned, wanted.tokenSeconds);
  const server = wanted.server ?? kube.server;
  const kubeconfig = await kubeconfigOf(kube, { name, namespace, server, token });
  return { endpoint, kubeconfig, expires };
}

function uidOf({ metadata }: ContainerEndpoint): string {
  if (metadata.uid !== undefined) return metadata.uid;
  throw new ClouderError("internal", "the API server gave an endpoint without a uid");
}

const rbac = "rbac.authorization.k8s.io";

function identity(
  name: string,
  metadata: ObjectMeta,
): readonly (readonly [Resource, KubeObject])[] {
  const account = metadata.name;
  const rules = [
    {
      ...{ apiGroups: ["coordination.k8s.io"], resources: ["leases"] },
      ...{ resourceNames: [account], verbs: ["get", "patch"] },
    },
    {
      ...{ apiGroups: [apiGroup], resources: ["containerendpoints"] },
      ...{ resourceNames: [name], verbs: ["get"] },
    },
  ];
  const of = (kind: string, version: string, rest: object) =>
    ({ apiVersion: version, kind, metadata, ...rest }) as KubeObject;
  return [
    [serviceAccounts, of("ServiceAccount", "v1", { automountServiceAccountToken: false })],
    // Without a time: it was never heard.
    [leases, of("Lease", "coordination.k8s.io/v1", { spec: { holderIdentity: account } })],
    [roles, of("Role", `${rbac}/v1`, { rules })],
    [
      roleBindings,
      of("RoleBinding", `${rbac}/v1`, {
        roleRef: { apiGroup: rbac, kind: "Role", name: account },
        subjects: [{ kind: "ServiceAccount", name: account, namespace: metadata.namespace }],
      }),
    ],
  ];
}

async function tokenFor(
  kube: Kube,
  { name, namespace = "" }: ObjectMeta,
  seconds: number,
): Promise<{ readonly token: string; readonly expires: string }> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const spec = { expirationSeconds: seconds };
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
  const { status, body } = await kube.raw("POST", path, { body: JSON.stringify(request) });
  if (status !== 201) {
    throw new ClouderError("denied", `no token for the endpoint (status ${String(status)})`, {
      hint: `it takes the right to create serviceaccounts/token in ${namespace}`,
    });
  }
  const answer = JSON.parse(body) as {
    readonly status: { readonly token: string; readonly expirationTimestamp: string };
  };
  return { token: answer.status.token, expires: answer.status.expirationTimestamp };
}

async function kubeconfigOf(
  kube: Kube,
  at: {
    readonly name: string;
    readonly namespace: string;
    readonly server: string;
    readonly token: string;
  },
): Promise<string> {
  const root = await kube.get(configMaps, { namespace: at.namespace, name: "kube-root-ca.crt" });
  const ca = Buffer.from(root.data?.["ca.crt"] ?? "").toString("base64");
  const { name, namespace } = at;
  return `${JSON.stringify(
    {
      ...{ apiVersion: "v1", kind: "Config", "current-context": name },
      clusters: [{ name, cluster: { server: at.server, "certificate-authority-data": ca } }],
      users: [{ name, user: { token: at.token } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    },
    null,
    2,
  )}\n`;
}
