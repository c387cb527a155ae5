import { join } from "node:path";
import { clusterFolder } from "#bootstrap/cluster-folder";
import type { Kubeconfig } from "#bootstrap/kubeadm/kubeconfig";
import type { ClusterName, LifeAround } from "#bootstrap/pools/place";
import { writePrivate } from "#bootstrap/private-file";
import { readKubeconfig } from "#bootstrap/use-cluster";
import { ClouderError, hasCode } from "#core/error";
import { commonLabels } from "#kube/install/labels";
import type { Kube, KubeObject, Resource } from "#kube/kube";
import {
  clusterRoleBindings,
  clusterRoles,
  namespaces,
  roleBindings,
  serviceAccounts,
} from "#kube/resources";

/** Where the identities are; nobody else's objects belong there. */
const home = "clouder-access";
const fieldManager = "kubectl-clouder";
const rbac = "rbac.authorization.k8s.io";
const ofUser = "clouder.datalayer.io/access";

export interface AccessRequest extends ClusterName {
  /** A ClusterRole: view, edit or one of the cluster's own. */
  readonly role: string;
  /** Whose access it is, as audit logs show it; absent: the role's name. */
  readonly user?: string | undefined;
  /** Only in this namespace. */
  readonly namespace?: string | undefined;
  readonly seconds: number;
}

/** Access that was given. */
export interface GivenAccess {
  readonly path: string;
  readonly user: string;
  readonly role: string;
  readonly namespace?: string;
  /** When it ends, by the API server's word. */
  readonly expires: string;
}

/**
 * Writes a kubeconfig (0600) with a token that ends by itself and has the rights of one role. It is taken back
 * before its time by deleting the ServiceAccount. Called again it gives a new token for the same identity.
 */
export async function giveAccess(
  request: AccessRequest,
  around: Pick<LifeAround, "connect">,
): Promise<GivenAccess> {
  const { cluster, role, namespace } = request;
  const user = request.user ?? role;
  const admin = await readKubeconfig(request.home, cluster);
  const kube = await around.connect(admin.path);
  await checkRole(kube, role);
  await ensureIdentity(kube, { user, role, namespace });
  const { token, expires } = await newToken(kube, user, request.seconds);
  const path = join(clusterFolder(request.home, cluster), `kubeconfig-${user}`);
  await writePrivate(path, await withToken(admin.text, `${cluster}-${user}`, token, namespace));
  return { path, user, role, expires, ...(namespace !== undefined && { namespace }) };
}

async function checkRole(kube: Kube, name: string): Promise<void> {
  try {
    await kube.get(clusterRoles, { name });
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    throw new ClouderError("not-found", `the cluster has no ClusterRole ${name}`, {
      hint: "use view, edit, admin, or one of: kubectl get clusterroles",
      cause: error,
    });
  }
}

interface Identity {
  readonly user: string;
  readonly role: string;
  readonly namespace: string | undefined;
}

/** One role for one identity: what it had before, also by tokens that serve still, is taken back. */
async function ensureIdentity(kube: Kube, { user, role, namespace }: Identity): Promise<void> {
  const apply = (resource: Resource, object: object) =>
    kube.apply(resource, object as KubeObject, fieldManager);
  await apply(namespaces, {
    ...{ apiVersion: "v1", kind: "Namespace" },
    metadata: { name: home, labels: commonLabels },
  });
  await apply(serviceAccounts, {
    ...{ apiVersion: "v1", kind: "ServiceAccount", automountServiceAccountToken: false },
    metadata: { name: user, namespace: home, labels: commonLabels },
  });
  // A binding's role cannot be changed.
  const name = `${home}:${user}:${role}`;
  const resource = namespace === undefined ? clusterRoleBindings : roleBindings;
  for (const kind of [clusterRoleBindings, roleBindings]) {
    for (const { metadata } of await kube.list(kind, { labelSelector: `${ofUser}=${user}` })) {
      const stays = kind === resource && metadata.name === name && metadata.namespace === namespace;
      if (!stays) await kube.remove(kind, metadata);
    }
  }
  await apply(resource, {
    ...{ apiVersion: `${rbac}/v1`, kind: resource.kind },
    metadata: {
      ...{ name, labels: { ...commonLabels, [ofUser]: user } },
      ...(namespace !== undefined && { namespace }),
    },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", name: user, namespace: home }],
  });
}

async function newToken(kube: Kube, user: string, seconds: number) {
  const { status, body } = await kube.raw(
    "POST",
    `/api/v1/namespaces/${home}/serviceaccounts/${user}/token`,
    {
      body: JSON.stringify({
        ...{ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" },
        spec: { expirationSeconds: seconds },
      }),
    },
  );
  const answer = JSON.parse(body) as {
    readonly message?: string;
    readonly status?: { readonly token?: string; readonly expirationTimestamp?: string };
  };
  const { token, expirationTimestamp: expires } = answer.status ?? {};
  if (status !== 201 || token === undefined || expires === undefined) {
    throw new ClouderError("refused", `no token for ${user}: ${answer.message ?? status}`, {
      hint: "a token lives between ten minutes and what the API server allows: see --duration",
    });
  }
  return { token, expires };
}

/** The administrator's kubeconfig with another identity. */
async function withToken(
  text: string,
  name: string,
  token: string,
  namespace: string | undefined,
): Promise<string> {
  const { parse, stringify } = await import("yaml");
  const [known] = (parse(text) as Kubeconfig).clusters;
  const config: Kubeconfig = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": name },
    clusters: [{ name, cluster: { ...known?.cluster } }],
    users: [{ name, user: { token } }],
    contexts: [
      {
        name,
        context: { cluster: name, user: name, ...(namespace !== undefined && { namespace }) },
      },
    ],
  };
  return stringify(config, { lineWidth: 0 });
}
