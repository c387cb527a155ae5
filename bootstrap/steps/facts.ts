import { readHostFacts, type HostFacts } from "#bootstrap/nodes/host-facts";
import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";
import { apiEndpoint } from "#bootstrap/kubeadm/endpoint";
import { overlap, parseNetwork } from "#bootstrap/spec/cidr";
import type { PlanContext, Step } from "#bootstrap/steps/step";
import { checkRoom } from "#bootstrap/steps/check-host";
import { ClouderError } from "#core/error";

/** What the machines are; the settings that fit them all. */
export const hostFacts: Step = {
  id: "facts",
  title: "look at the machines",
  scope: "cluster",
  needs: ["nodes"],
  gives: ["hosts", "settings", "endpoint"],
  preview: () => ["read operating system, architecture, kernel, cgroup version and addresses"],
  run: async (context, facts) => {
    const hosts = await Promise.all(
      (facts.nodes ?? []).map(({ machine, access }) => readHostFacts(machine.name, access)),
    );
    hosts.forEach((host) => {
      checkHost(context, host);
    });
    refuseClones(hosts);
    const settings = nodeSettingsFor(hosts, await context.provider.nodeSettings(context));
    const machines = (facts.nodes ?? []).map(({ machine }) => machine);
    return { facts: { hosts, settings, endpoint: await apiEndpoint(context, machines) } };
  },
};

function checkHost(context: PlanContext, host: HostFacts): void {
  const { spec, packages } = context;
  packages.checkHost(host);
  if (host.foreignServices.length > 0) {
    throw new ClouderError(
      "conflict",
      `${host.name} runs ${host.foreignServices.join(", ")} already, for somebody else's containers`,
      {
        hint: "use another machine, or stop and remove them there first; create takes their place",
      },
    );
  }
  checkRoom(context, host);
  const inside = addressInside(host, [spec.network.podCIDR, spec.network.serviceCIDR]);
  if (inside) {
    throw new ClouderError(
      "conflict",
      `${host.name} has the address ${inside.address}, inside of ${inside.cidr}`,
      { hint: "choose other networks with --pod-cidr and --service-cidr" },
    );
  }
}

/** An address of the machine's own network in the cluster's ranges; those of CNI links belong there. */
function addressInside(host: HostFacts, cidrs: readonly string[]) {
  for (const cidr of cidrs) {
    const network = parseNetwork(cidr);
    for (const address of host.addresses) {
      const one = parseNetwork(`${address}/32`);
      if (one && network && overlap(one, network)) return { address, cidr };
    }
  }
  return undefined;
}

function refuseClones(hosts: readonly HostFacts[]): void {
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
