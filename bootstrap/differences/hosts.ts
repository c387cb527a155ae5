import { fieldDifferences, type Difference } from "./difference.ts";
import { createGate } from "#bootstrap/plans/gate";
import { nodeAccessDrivers } from "#bootstrap/nodes/registry";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { readStamp } from "#bootstrap/nodes/stamp";
import type { Machine } from "#bootstrap/providers/provider";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { poolOf } from "#bootstrap/spec/machines";
import { messageOf } from "#core/error";
import { loadDriver } from "#core/registry";

/** Nothing is started and nothing is written. */
const script = `
echo "kubelet=$(kubelet --version 2>/dev/null | sed -n 's/^Kubernetes //p')"
for unit in containerd kubelet; do echo "$unit.service=$(systemctl is-active "$unit")"; done
# In a container it is the host's.
systemd-detect-virt --quiet --container || echo "swap=$(awk 'NR > 1' /proc/swaps | wc -l)"
`;

/** What the machines themselves say, over SSH: programs, services, their place in this cluster. */
export async function hostDifferences(
  spec: ClusterSpec,
  uid: string,
  machines: readonly Machine[],
  signal?: AbortSignal,
): Promise<readonly Difference[]> {
  const gate = createGate(32);
  const found = await Promise.all(
    machines.map((machine) => gate(() => look(spec, uid, machine, signal))),
  );
  return found.flat();
}

async function look(
  spec: ClusterSpec,
  uid: string,
  machine: Machine,
  signal: AbortSignal | undefined,
): Promise<readonly Difference[]> {
  let access: NodeAccess | undefined;
  try {
    const driver = await loadDriver(nodeAccessDrivers, "node access", machine.reach.access);
    access = await driver.connect(machine.name, machine.reach, signal);
    return await hostDifference(spec, uid, machine, access);
  } catch (error) {
    const fields = [{ field: "ssh", before: messageOf(error), after: "answers" }];
    return [{ object: `host/${machine.name}`, change: "update", fields }];
  } finally {
    await access?.close();
  }
}

/** What one machine says of itself, by reading alone. */
export async function hostDifference(
  spec: ClusterSpec,
  uid: string,
  machine: Pick<Machine, "name" | "pool">,
  access: NodeAccess,
): Promise<readonly Difference[]> {
  const want = wanted(spec, uid, machine);
  const { checkpoint, ...own } = await state(access);
  const fields = fieldDifferences("checkpoint" in want ? { ...own, checkpoint } : own, want);
  return fields.length === 0 ? [] : [{ object: `host/${machine.name}`, change: "update", fields }];
}

async function state(access: NodeAccess) {
  const [{ stdout }, cluster, proof] = await Promise.all([
    access.run(["sh", "-c", script], { timeoutMs: 30_000 }),
    readStamp(access, "cluster"),
    readStamp(access, "proof"),
  ]);
  const lines = stdout.split("\n").map((line) => line.split("="));
  const said = Object.fromEntries(lines.map(([name = "", value]) => [name, value]));
  return {
    kubelet: said["kubelet"] === "" ? undefined : said["kubelet"],
    "containerd.service": said["containerd.service"],
    "kubelet.service": said["kubelet.service"],
    swap: (said["swap"] ?? "0") === "0" ? "off" : "on",
    cluster: cluster["uid"],
    joined: cluster["state"],
    checkpoint: proof["result"],
  };
}

function wanted(spec: ClusterSpec, uid: string, machine: Pick<Machine, "pool">) {
  const proven = poolOf(spec, machine.pool)?.checkpoint ?? true;
  return {
    kubelet: spec.kubernetesVersion,
    "containerd.service": "active",
    "kubelet.service": "active",
    swap: "off",
    cluster: uid,
    joined: "ready",
    ...(proven && { checkpoint: "proven" }),
  };
}
