import type { Surroundings } from "#bootstrap/create-cluster";
import { clusterFolder, findRecord, kubeconfigPath } from "#bootstrap/cluster-folder";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { readStamp } from "#bootstrap/nodes/stamp";
import type { ClusterName, LifeAround } from "#bootstrap/pools/place";
import { providers } from "#bootstrap/providers/registry";
import type { Machine } from "#bootstrap/providers/provider";
import { poolOf } from "#bootstrap/spec/machines";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { connectAll } from "#bootstrap/steps/connect";
import { ClouderError, messageOf } from "#core/error";
import { fail, ok, warn, type Finding } from "#core/finding";
import { loadDriver } from "#core/registry";
import { nodes } from "#kube/resources";

/** Looks at a node from the cluster's side and from its machine's; changes nothing. */
export async function checkNode(
  { home, cluster, node: name }: ClusterName & { readonly node: string },
  around: LifeAround,
): Promise<readonly Finding[]> {
  const { spec, uid } = await findRecord(home, cluster);
  const provider = await loadDriver(providers, "provider", spec.provider.name);
  const context = { ...around, spec, uid, folder: clusterFolder(home, cluster) };
  const machines = await provider.list(context);
  const machine = machines.find((one) => one.name === name);
  const seen = await fromCluster(name, kubeconfigPath(home, cluster), around);
  if (machine) return [...seen, ...(await fromMachine(machine, spec, uid, around))];
  if (seen.some(({ level }) => level === "ok")) {
    const cure = `kubectl clouder cluster create ${cluster}`;
    return [...seen, fail(`node ${name}`, "machine", "its machine does not run", cure)];
  }
  throw new ClouderError("not-found", `${cluster} has no node ${name}`, {
    hint: `its machines are: ${machines.map((one) => one.name).join(", ")}`,
  });
}

async function fromCluster(
  name: string,
  kubeconfig: string,
  around: LifeAround,
): Promise<readonly Finding[]> {
  const subject = `node ${name}`;
  try {
    const kube = await around.connect(kubeconfig);
    const node = (await kube.list(nodes)).find(({ metadata }) => metadata.name === name);
    if (!node) {
      const cure = "on the machine: journalctl -u kubelet";
      return [fail(subject, "registered", "the cluster has no such node", cure)];
    }
    const version = node.status?.nodeInfo?.kubeletVersion ?? "";
    return [
      ok(subject, "registered", `kubelet ${version}`),
      ...(node.spec.unschedulable === true
        ? [warn(subject, "schedulable", "no new pods come here", `kubectl uncordon ${name}`)]
        : []),
      ...(node.status?.conditions ?? []).flatMap(({ type, status, message = "" }) => {
        const good = type === "Ready" ? status === "True" : status === "False";
        if (good) return type === "Ready" ? [ok(subject, "ready", "yes")] : [];
        return [fail(subject, type.toLowerCase(), message, `kubectl describe node ${name}`)];
      }),
    ];
  } catch (error) {
    const cure = "kubectl clouder cluster show tells its state";
    return [fail("cluster", "api", messageOf(error), cure)];
  }
}

/** Prints one word a line: service=state, and the room that is left. */
const script = `
for unit in containerd kubelet; do echo "$unit=$(systemctl is-active "$unit")"; done
echo "free=$(df --output=avail -B1M /var/lib | tail -n 1 | tr -d ' ')"
`;

async function fromMachine(
  machine: Machine,
  spec: ClusterSpec,
  uid: string,
  around: Surroundings,
): Promise<readonly Finding[]> {
  const subject = `node ${machine.name}`;
  try {
    const [node] = await connectAll(around, [machine]);
    if (!node) return [];
    try {
      return await onMachine(node.access, machine, spec, uid);
    } finally {
      await node.access.close();
    }
  } catch (error) {
    const cure = "look whether the machine runs and its SSH server lets you in";
    return [fail(subject, "ssh", messageOf(error), cure)];
  }
}

async function onMachine(
  access: NodeAccess,
  machine: Machine,
  spec: ClusterSpec,
  uid: string,
): Promise<readonly Finding[]> {
  const subject = `node ${machine.name}`;
  const { stdout } = await access.run(["sh", "-c", script]);
  const values = new Map(stdout.split("\n").map((line) => line.split("=") as [string, string]));
  const stamp = await readStamp(access, "cluster");
  const proof = await readStamp(access, "proof");
  const free = Number(values.get("free"));
  const create = `kubectl clouder cluster create ${spec.name}`;
  const wantsProof = poolOf(spec, machine.pool)?.checkpoint !== false;
  return [
    ok(subject, "ssh", "answers"),
    stamp["uid"] === uid
      ? ok(subject, "cluster", `is part of ${spec.name}`)
      : fail(subject, "cluster", `was not joined to ${spec.name}`, create),
    ...["containerd", "kubelet"].map((unit) =>
      values.get(unit) === "active"
        ? ok(subject, unit, "runs")
        : fail(subject, unit, values.get(unit) ?? "", `journalctl -u ${unit}`),
    ),
    free > 2048
      ? ok(subject, "disk", `${Math.round(free / 1024)} GiB free`)
      : fail(subject, "disk", `${free} MiB free below /var/lib`, "free some space"),
    proof["result"] === "proven" || !wantsProof
      ? ok(subject, "checkpoint", wantsProof ? "dump and restore are proven" : "not wanted")
      : fail(subject, "checkpoint", "dump and restore are not proven", create),
  ];
}
