import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";
import { readHostFacts } from "#bootstrap/nodes/host-facts";
import { apiEndpoint } from "#bootstrap/kubeadm/endpoint";
import type { Place } from "#bootstrap/pools/place";
import { connectLogged } from "#bootstrap/steps/connect";
import type { Facts, Node } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** Connects to the machines of a cluster that run, control planes first, while `work` runs. */
export async function withMachines<T>(
  { context }: Pick<Place, "context">,
  role: "control-plane" | "all",
  work: (nodes: readonly Node[]) => Promise<T>,
): Promise<T> {
  const machines = (await context.provider.list(context)).filter(
    (one) => role === "all" || one.role === role,
  );
  const order = machines.toSorted((one, other) => one.role.localeCompare(other.role));
  const nodes = await connectLogged(context, order);
  try {
    return await work(nodes);
  } finally {
    await Promise.all(nodes.map(({ access }) => access.close()));
  }
}

/** The facts that steps of create work with, for machines that are nodes already. */
export async function factsOf(
  { context }: Pick<Place, "context">,
  nodes: readonly Node[],
): Promise<Partial<Facts> & Pick<Facts, "plane" | "nodes" | "hosts" | "settings" | "endpoint">> {
  const plane = nodes.find(({ machine }) => machine.role === "control-plane");
  if (!plane) {
    throw new ClouderError("unreachable", `no control plane of ${context.spec.name} runs`, {
      hint: `bring it back: kubectl clouder cluster create ${context.spec.name}`,
    });
  }
  const machines = nodes.map(({ machine }) => machine);
  const given = await context.provider.nodeSettings(context);
  const hosts = await Promise.all(
    nodes.map(async ({ machine, access }) => {
      const host = await readHostFacts(machine.name, access);
      return { ...host, settings: nodeSettingsFor([host], given) };
    }),
  );
  const settings = nodeSettingsFor(hosts, given);
  const endpoint = await apiEndpoint(context, machines);
  return { nodes, machines, plane, hosts, settings, endpoint };
}
