import { documentVersion } from "#bootstrap/spec/cluster-fields";
import { ClouderError } from "#core/error";

/** What `terraform/` tells of machines that it made. */
export interface TerraformCluster {
  readonly name: string;
  readonly cloud: string;
  readonly region: string;
  readonly account: string;
  readonly network: string;
  readonly kubernetesVersion: string | undefined;
  /** `user@public:port=private`, the control plane first. */
  readonly hosts: readonly string[];
  readonly key: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads `terraform output -json`, or `terraform output -json cluster`; `config` names the field that is
 * not as `terraform/common` writes it.
 */
export function readTerraformOutputs(text: string, file: string): TerraformCluster {
  const all = fieldsOf(parsed(text, file), "the outputs", file);
  const wrapped = all["cluster"];
  const cluster =
    wrapped === undefined
      ? all
      : fieldsOf(fieldsOf(wrapped, "cluster", file)["value"], "cluster.value", file);
  if (cluster["format"] !== 1) {
    throw wrong(file, 'has no output "cluster" of format 1', "use the modules of terraform/");
  }
  const word = (name: string, of: Fields = cluster, path = name) => textOf(of[name], path, file);
  const user = word("ssh_user");
  const port = cluster["ssh_port"];
  if (!Number.isInteger(port)) throw wrong(file, "cluster.ssh_port is not a number");
  const host = (value: unknown, path: string): string => {
    const machine = fieldsOf(value, path, file);
    const [own, other] = ["private_ip", "public_ip"].map((name) =>
      addressOf(machine[name], `${path}.${name}`, file),
    );
    return `${user}@${other ?? ""}:${String(port)}=${own ?? ""}`;
  };
  const { workers, kubernetes_version: version } = cluster;
  if (!Array.isArray(workers)) throw wrong(file, "cluster.workers is not a list");
  if (version !== null && version !== undefined && typeof version !== "string") {
    throw wrong(file, "cluster.kubernetes_version is not a text");
  }
  return {
    name: word("name"),
    cloud: word("cloud"),
    region: word("region"),
    account: word("account"),
    network: word("network_id"),
    kubernetesVersion: version ?? undefined,
    hosts: [
      host(cluster["control_plane"], "control_plane"),
      ...workers.map((one, index) => host(one, `workers[${String(index)}]`)),
    ],
    key: word("ssh_key"),
  };
}

/** The Cluster document of such machines: to us they are the user's own. */
export function terraformDocument(cluster: TerraformCluster): object {
  const { name, hosts, key, kubernetesVersion } = cluster;
  return {
    ...{ apiVersion: documentVersion, kind: "Cluster", metadata: { name } },
    spec: {
      provider: { name: "ssh", settings: { hosts, key } },
      ...(kubernetesVersion !== undefined && { kubernetesVersion }),
      pools: [{ name: "workers", count: hosts.length - 1 }],
    },
  };
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ClouderError("config", `${file} is not JSON`, {
      hint: "give what `terraform output -json` prints",
      cause: error,
    });
  }
}

function fieldsOf(value: unknown, path: string, file: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw wrong(file, `${path} is not an object`);
}

function textOf(value: unknown, path: string, file: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw wrong(file, `cluster.${path} is not a text`);
}

function addressOf(value: unknown, path: string, file: string): string {
  const text = textOf(value, path, file);
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return text;
  throw wrong(
    file,
    `cluster.${path} "${text}" is not an IPv4 address`,
    "are the machines running?",
  );
}

function wrong(file: string, what: string, hint = "give what `terraform output -json` prints") {
  return new ClouderError("config", `${file}: ${what}`, { hint });
}
