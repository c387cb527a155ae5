import { gpuScript, parseGpus, type HostGpus } from "#bootstrap/nodes/host-gpus";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { ClouderError } from "#core/error";

/** What a machine says about itself. */
export interface HostFacts {
  readonly name: string;
  /** For example "debian-13". */
  readonly os: string;
  readonly architecture: "amd64" | "arm64";
  readonly kernel: string;
  readonly cgroup: "v1" | "v2";
  /** A system container: the kernel and its settings belong to another machine. */
  readonly sharedKernel: boolean;
  /** May lower oom_score_adj. */
  readonly sysResource: boolean;
  readonly processors: number;
  readonly memoryBytes: number;
  readonly machineId: string;
  /** IPv4 addresses of its own, those of CNI links left out. */
  readonly addresses: readonly string[];
  /** Cluster that it is a node of, by the uid that a create left there, else "unknown"; "": none. */
  readonly owner: string;
  /** Services of a container runtime or a kubelet that run although no create of ours was there. */
  readonly foreignServices: readonly string[];
  /** TCP ports of Kubernetes that something listens on although no create of ours was there. */
  readonly busyPorts: readonly string[];
  /** Firewalls that are at work: ufw, firewalld. */
  readonly firewalls: readonly string[];
  /** Free space below /var/lib. */
  readonly freeBytes: number;
  /** Seconds since the epoch, by the machine's clock. */
  readonly clockSeconds: number;
  /** NVIDIA's GPUs; absent where it has none of its own. */
  readonly gpus?: HostGpus;
}

const script = `
. /etc/os-release
echo "os=$ID-\${VERSION_ID:-unknown}"
echo "architecture=$(uname -m)"
echo "kernel=$(uname -r)"
echo "cgroup=$(stat -fc %T /sys/fs/cgroup)"
echo "container=$(systemd-detect-virt --container 2>/dev/null || true)"
echo "capabilities=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)"
echo "processors=$(nproc)"
echo "memory=$(sed -n 's/^MemTotal:[[:space:]]*\\([0-9]*\\) kB/\\1/p' /proc/meminfo)"
echo "machine=$(cat /etc/machine-id 2>/dev/null || true)"
echo "init=$(cat /proc/1/comm)"
echo "addresses=$(ip -4 -o address show scope global | awk '$2 !~ /^(cni|flannel|vxlan|veth|kube)/ {sub("/.*", "", $4); print $4}' | tr '\\n' ' ')"
owner=
for file in kubelet.conf admin.conf pki/ca.key; do
  if [ -e "/etc/kubernetes/$file" ]; then owner=unknown; fi
done
if [ -n "$owner" ] && [ -e /var/lib/clouder/bootstrap/cluster.json ]; then
  owner=$(sed -n 's/.*"uid": *"\\([^"]*\\)".*/\\1/p' /var/lib/clouder/bootstrap/cluster.json)
fi
echo "owner=$owner"
services=
if [ ! -e /var/lib/clouder/bootstrap ]; then
  for unit in containerd docker crio kubelet; do
    if systemctl is-active -q "$unit"; then services="$services $unit"; fi
  done
fi
echo "services=$services"
ports=
if [ ! -e /var/lib/clouder/bootstrap ]; then
  ports=$(ss -Hltn 2>/dev/null | awk '{sub(".*:", "", $4); print $4}' | sort -un |
    grep -xE '2379|2380|6443|10250|10256|10257|10259' | tr '\\n' ' ')
fi
echo "ports=$ports"
firewalls=
for unit in ufw firewalld; do
  if systemctl is-active -q "$unit"; then firewalls="$firewalls $unit"; fi
done
if [ "$firewalls" = " ufw" ] && ! ufw status 2>/dev/null | grep -q '^Status: active'; then firewalls=; fi
echo "firewalls=$firewalls"
echo "free=$(df -Pk /var/lib | awk 'NR == 2 {print $4}')"
echo "clock=$(date +%s)"
${gpuScript}`;

/** Reads the facts by one command; `unsupported` when the machine cannot be a node. */
export async function readHostFacts(name: string, access: NodeAccess): Promise<HostFacts> {
  const { stdout } = await access.run(["sh", "-ec", script], { timeoutMs: 30_000 });
  return parseHostFacts(name, stdout);
}

/** Reads what the script printed. */
export function parseHostFacts(name: string, text: string): HostFacts {
  const values = new Map(
    text.split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1).trim()] as const;
    }),
  );
  const value = (key: string) => values.get(key) ?? "";
  if (value("init") !== "systemd") {
    throw new ClouderError("unsupported", `${name} is not run by systemd but by ${value("init")}`, {
      hint: "use a machine with a systemd distribution",
    });
  }
  const container = value("container");
  const sharedKernel = container !== "" && container !== "none";
  // A system container sees its host's devices, and their driver is the host's.
  const gpus = sharedKernel ? undefined : parseGpus(value);
  return {
    name,
    os: value("os"),
    architecture: architectureOf(name, value("architecture")),
    kernel: value("kernel"),
    cgroup: value("cgroup") === "cgroup2fs" ? "v2" : "v1",
    sharedKernel,
    sysResource: (BigInt(`0x${value("capabilities") || "0"}`) & (1n << 24n)) !== 0n,
    processors: Number(value("processors")),
    memoryBytes: Number(value("memory")) * 1024,
    machineId: value("machine"),
    addresses: words(value("addresses")),
    owner: value("owner"),
    foreignServices: words(value("services")),
    busyPorts: words(value("ports")),
    firewalls: words(value("firewalls")),
    freeBytes: Number(value("free")) * 1024,
    clockSeconds: Number(value("clock")),
    ...(gpus && { gpus }),
  };
}

const words = (text: string) => text.split(" ").filter((word) => word !== "");

function architectureOf(name: string, machine: string): "amd64" | "arm64" {
  if (machine === "x86_64") return "amd64";
  if (machine === "aarch64") return "arm64";
  throw new ClouderError("unsupported", `${name} has the architecture ${machine}`, {
    hint: "use x86_64 or aarch64 machines",
  });
}
