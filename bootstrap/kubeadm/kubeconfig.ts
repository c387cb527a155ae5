import { apiPort, type ApiEndpoint } from "#bootstrap/kubeadm/endpoint";
import type { Machine } from "#bootstrap/providers/provider";
import type { Facts, PlanContext } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** The part of a kubeconfig that we read and write. */
export interface Kubeconfig {
  readonly apiVersion: "v1";
  readonly kind: "Config";
  readonly "current-context"?: string;
  readonly clusters: readonly Named<"cluster">[];
  readonly users: readonly Named<"user">[];
  readonly contexts: readonly Named<"context">[];
}

type Named<Key extends string> = { readonly name: string } & Readonly<
  Record<Key, Readonly<Record<string, unknown>>>
>;

/** The administrator's kubeconfig, with the address that the user's machine reaches. */
export async function adminKubeconfig(
  { spec }: Pick<PlanContext, "spec">,
  { plane, endpoint }: Partial<Facts>,
): Promise<string> {
  if (!plane || !endpoint) throw new ClouderError("internal", "a kubeconfig without a cluster");
  const text = Buffer.from(await plane.access.readFile("/etc/kubernetes/admin.conf")).toString();
  return await renamed(text, spec.name, `https://${serverFor(plane.machine, endpoint)}`);
}

/** The cluster's own name is known to its nodes only: from outside its address is used. */
function serverFor({ publicAddress, privateAddress }: Machine, endpoint: ApiEndpoint): string {
  const host = publicAddress ?? privateAddress;
  return endpoint.callers ?? `${host.includes(":") ? `[${host}]` : host}:${apiPort}`;
}

/** The same credentials; cluster, user and context carry the cluster's name. */
export async function renamed(text: string, name: string, server: string): Promise<string> {
  const { parse, stringify } = await import("yaml");
  const admin = parse(text) as Kubeconfig;
  const cluster = admin.clusters[0]?.cluster;
  const user = admin.users[0]?.user;
  if (!cluster || !user) throw new ClouderError("internal", "admin.conf has no cluster or user");
  const config: Kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { ...cluster, server } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  return stringify(config, { lineWidth: 0 });
}
