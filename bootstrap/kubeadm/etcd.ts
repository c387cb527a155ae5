import type { NodeAccess, RunOptions } from "#bootstrap/nodes/node-access";
import type { Machine } from "#bootstrap/providers/provider";

/** Where manifests of a control plane lie while it is stopped. */
export const keptManifests = "/var/lib/clouder/bootstrap/manifests";

/**
 * etcd's own tools lie in the image that etcd runs from: static programs, run from where containerd
 * mounts the image, so that they always fit and nothing more is installed.
 */
const script = `
umask 077
manifest=/etc/kubernetes/manifests/etcd.yaml
[ -e "$manifest" ] || manifest=${keptManifests}/etcd.yaml
image=$(sed -n 's/^ *image: *//p' "$manifest" | head -n 1)
mkdir -p /run/clouder-kubeadm
tools=$(mktemp -d /run/clouder-kubeadm/etcd.XXXXXXXX)
trap 'ctr -n k8s.io images unmount --rm "$tools" >/dev/null 2>&1; rmdir "$tools" 2>/dev/null' EXIT
ctr -n k8s.io images mount "$image" "$tools" >/dev/null
export PATH="$tools/usr/local/bin:$PATH"
export ETCDCTL_ENDPOINTS=https://127.0.0.1:2379
export ETCDCTL_CACERT=/etc/kubernetes/pki/etcd/ca.crt
export ETCDCTL_CERT=/etc/kubernetes/pki/etcd/healthcheck-client.crt
export ETCDCTL_KEY=/etc/kubernetes/pki/etcd/healthcheck-client.key
"$@"
`;

/** Runs etcdctl or etcdutl on a control plane; gives stdout. */
export async function etcdTool(
  access: NodeAccess,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return (await access.run(["sh", "-ec", script, "sh", ...argv], options)).stdout;
}

export interface EtcdMember {
  readonly id: string;
  /** Empty while it has not started. */
  readonly name: string;
  readonly peer: string;
  readonly learner: boolean;
}

/** The members as one of them knows them. */
export async function etcdMembers(access: NodeAccess): Promise<readonly EtcdMember[]> {
  return parseMembers(await etcdTool(access, ["etcdctl", "member", "list"]));
}

/** Reads etcdctl's lines: id, status, name, peer addresses, client addresses, learner. */
export function parseMembers(text: string): readonly EtcdMember[] {
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(", "))
    .filter((words) => words.length >= 6)
    .map(([id = "", , name = "", peer = "", , learner]) => ({
      ...{ id, name, peer },
      learner: learner === "true",
    }));
}

/** Takes a machine out of etcd's members; true when it was one. */
export async function removeMember(
  access: NodeAccess,
  { name, privateAddress }: Pick<Machine, "name" | "privateAddress">,
): Promise<boolean> {
  const member = (await etcdMembers(access)).find(
    (one) => one.name === name || one.peer.includes(`//${privateAddress}:`),
  );
  if (!member) return false;
  await etcdTool(access, ["etcdctl", "member", "remove", member.id]);
  return true;
}

interface EndpointHealth {
  readonly endpoint: string;
  readonly health: boolean;
}

/** Client addresses of the members that answer. */
export async function healthyMembers(access: NodeAccess): Promise<readonly string[]> {
  const text = await etcdTool(
    access,
    ["etcdctl", "endpoint", "health", "--cluster", "--write-out=json"],
    { allowFailure: true },
  );
  const line = text.split("\n").find((one) => one.startsWith("[")) ?? "[]";
  return (JSON.parse(line) as readonly EndpointHealth[])
    .filter(({ health }) => health)
    .map(({ endpoint }) => endpoint);
}
