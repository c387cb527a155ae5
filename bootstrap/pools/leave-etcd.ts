import { etcdMembers, healthyMembers, removeMember } from "#bootstrap/kubeadm/etcd";
import type { Place } from "#bootstrap/pools/place";
import type { Machine, WantedMachine } from "#bootstrap/providers/provider";
import { connectLogged } from "#bootstrap/steps/connect";
import type { Node } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** A control plane that leaves, and one that stays and takes it out of etcd. */
export interface Leaving {
  readonly machine: Pick<Machine, "name" | "privateAddress">;
  readonly stays: Machine;
}

/** Fails unless etcd keeps its majority without this member; says who takes it out. */
export async function refuseLostQuorum(
  place: Place,
  machine: WantedMachine,
  force: boolean,
): Promise<Leaving> {
  const machines = await place.context.provider.list(place.context);
  const planes = machines.filter(({ role }) => role === "control-plane");
  const own = planes.find(({ name }) => name === machine.name);
  const others = planes.filter(({ name }) => name !== machine.name);
  const failures: unknown[] = [];
  for (const stays of others) {
    try {
      const address = await withNode(place, stays, async ({ access }) => {
        const members = await etcdMembers(access);
        const healthy = await healthyMembers(access);
        const leaving = members.find(
          ({ name, peer }) =>
            name === machine.name || (own && peer.includes(`//${own.privateAddress}:`)),
        );
        const left = members.filter((one) => one !== leaving);
        const alive = left.filter(({ peer }) =>
          healthy.some((client) => hostOf(client) === hostOf(peer)),
        );
        if (leaving && alive.length < Math.floor(left.length / 2) + 1 && !force) {
          throw new ClouderError(
            "refused",
            `without ${machine.name} only ${alive.length} of ${left.length} etcd members would answer`,
            { hint: "bring the other control planes back first" },
          );
        }
        return leaving ? hostOf(leaving.peer) : (own?.privateAddress ?? "");
      });
      return { machine: { name: machine.name, privateAddress: address }, stays };
    } catch (error) {
      if (error instanceof ClouderError && error.code === "refused") throw error;
      failures.push(error);
    }
  }
  throw new ClouderError("unreachable", "no other control plane answers", {
    hint: "bring another control plane back first",
    cause: failures[0],
  });
}

/** Takes the member out. */
export async function leaveEtcd(place: Place, { machine, stays }: Leaving): Promise<void> {
  await withNode(place, stays, ({ access }) => removeMember(access, machine));
}

/** Runs work on one machine. */
async function withNode<T>(
  { context }: Pick<Place, "context">,
  machine: Machine,
  work: (node: Node) => Promise<T>,
): Promise<T> {
  const [node] = await connectLogged(context, [machine]);
  if (!node) throw new ClouderError("internal", "a connection to nothing");
  try {
    return await work(node);
  } finally {
    await node.access.close();
  }
}

/** Of "https://10.0.0.4:2380". */
function hostOf(url: string): string {
  return /\/\/([^/]+):\d+/.exec(url)?.[1] ?? url;
}
