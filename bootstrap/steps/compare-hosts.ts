import type { HostFacts } from "#bootstrap/nodes/host-facts";
import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";
import type { Machine } from "#bootstrap/providers/provider";
import type { Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/**
 * What only all machines together tell: that no two are one, and the settings that fit them all.
 * Nothing but the cluster itself waits for it.
 */
export const compareHosts: Step = {
  id: "compare-hosts",
  title: "compare the machines",
  scope: "cluster",
  needs: ["machines", "hosts"],
  gives: ["settings"],
  preview: () => ["no address and no /etc/machine-id twice; one version of cgroups"],
  run: async (context, { machines = [], hosts = [] }) => {
    refuseSameAddress(machines);
    refuseClones(hosts);
    const settings = nodeSettingsFor(hosts, await context.provider.nodeSettings(context));
    return { facts: { settings } };
  },
};

/** Fails when two of the machines are copies of one, or one that is listed twice. */
export function refuseClones(hosts: readonly Pick<HostFacts, "name" | "machineId">[]): void {
  const seen = new Map<string, string>();
  for (const { name, machineId } of hosts) {
    const twin = seen.get(machineId);
    if (twin !== undefined) {
      throw new ClouderError("conflict", `${name} and ${twin} have the same /etc/machine-id`, {
        hint: "empty /etc/machine-id on one of them and reboot it, or list each host once",
      });
    }
    seen.set(machineId, name);
  }
}

/** Ports of one address lead to machines that cannot reach each other. */
function refuseSameAddress(machines: readonly Machine[]): void {
  const seen = new Map<string, string>();
  for (const { name, privateAddress } of machines) {
    const twin = seen.get(privateAddress);
    if (twin !== undefined) {
      throw new ClouderError(
        "conflict",
        `${name} and ${twin} have one address, ${privateAddress}`,
        {
          hint: "nodes reach each other by their addresses: list each machine by one of its own",
        },
      );
    }
    seen.set(privateAddress, name);
  }
}
