import { createHash } from "node:crypto";
import type { ClusterRecord } from "#bootstrap/cluster-folder";
import { ClouderError } from "#core/error";

/**
 * Records that the original program wrote, in `kubeadm/NAME/kubeadm.json` or `clusters/NAME.json`, read
 * as ours: its machines are the user's own. They can be looked at and used; nothing is changed by them.
 */

type Fields = Readonly<Record<string, unknown>>;

/** The original's record as one of ours; undefined for anything else. */
export function readOriginal(content: unknown, name: string): ClusterRecord | undefined {
  const all = content as Fields;
  const { master, workers, setup_complete } = all;
  if (!isFields(master) || !Array.isArray(workers) || !workers.every(isFields)) return undefined;
  const word = (field: string) => (typeof all[field] === "string" ? all[field] : "");
  const machines = [master, ...workers];
  const user = word("admin_username") || (word("cloud") === "aws" ? "ubuntu" : "azureuser");
  const key = word("ssh_key_name");
  const hosts = machines.map((one) => hostOf(one, user));
  const version = word("k8s_version").replace(/^(?=\d)/, "v");
  const [region, account] = [word("region"), word("subscription_id") || word("account_id")];
  const network_id = word("vnet_id") || word("vpc_id");
  return {
    version: 1,
    name,
    // The same at each reading, and nobody else's.
    uid: createHash("sha256")
      .update(`${name} ${hosts.join(" ")}`)
      .digest("hex")
      .slice(0, 32),
    cloud: "ssh",
    created_at: word("created_at") || new Date(0).toISOString(),
    k8s_version: version,
    master: `${name}-master`,
    workers: workers.map((_one, index) => `${name}-node-${String(index + 1)}`),
    setup_complete: setup_complete === true,
    ...{ region, account, user, ...(key !== "" && { key: `~/.ssh/${key}` }) },
    ...(word("resource_group") !== "" && { resource_group: word("resource_group") }),
    made_by: { tool: "clouder", cloud: word("cloud"), region, account, network_id },
    spec: {
      name,
      provider: {
        name: "ssh",
        settings: { hosts, ...(key !== "" && { key: `~/.ssh/${key}` }) },
      },
      kubernetesVersion: version,
      network: {
        ...{ podCIDR: "10.244.0.0/16", serviceCIDR: "10.96.0.0/12" },
        ...{ dnsDomain: "cluster.local", cni: "flannel" },
      },
      controlPlane: { count: 1, schedulable: false },
      pools: [
        { name: "workers", count: workers.length, labels: {}, taints: [], checkpoint: false },
      ],
      packages: { kind: "online" },
    },
  };
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function hostOf(machine: Fields, user: string): string {
  const text = (field: string) => (typeof machine[field] === "string" ? machine[field] : "");
  const inside = text("private_ip");
  const outside = text("ip") || text("public_ip") || inside;
  return `${user}@${outside}${inside === "" || inside === outside ? "" : `=${inside}`}`;
}

/** Fails for a cluster that the original program made: its nodes have no marks of ours. */
export function refuseOriginal({ name, made_by }: ClusterRecord): void {
  if (made_by?.tool !== "clouder") return;
  throw new ClouderError("refused", `the cluster "${name}" was made by the original program`, {
    hint: "look at it and use it here, change and delete it with the program that made it",
  });
}
