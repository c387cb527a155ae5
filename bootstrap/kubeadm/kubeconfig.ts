import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { apiPort } from "#bootstrap/kubeadm/documents";
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
  { spec }: PlanContext,
  facts: Partial<Facts>,
  access: NodeAccess,
): Promise<string> {
  const machine = facts.nodes?.find((one) => one.access === access)?.machine;
  const host = machine?.publicAddress ?? machine?.privateAddress ?? "";
  const given = spec.controlPlane.endpoint;
  const server = given ?? `${host.includes(":") ? `[${host}]` : host}:${apiPort}`;
  const text = Buffer.from(await access.readFile("/etc/kubernetes/admin.conf")).toString();
  return await renamed(text, spec.name, `https://${server}`);
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
