import { readHostFacts, type HostFacts } from "#bootstrap/nodes/host-facts";
import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";
import type { Machine } from "#bootstrap/providers/provider";
import { overlap, parseNetwork } from "#bootstrap/spec/cidr";
import type { Facts, Host, PlanContext, Step } from "#bootstrap/steps/step";
import { checkRoom } from "#bootstrap/steps/check-host";
import { checkGpus } from "#bootstrap/steps/gpus";
import { refuseClones } from "#bootstrap/steps/compare-hosts";
import { ClouderError } from "#core/error";

/** What a machine is, and the settings that fit it; checked before anything is changed there. */
export const hostFacts: Step = {
  id: "facts",
  title: "look at the machine",
  scope: "node",
  needs: ["nodes"],
  gives: ["hosts"],
  preview: ({ spec }) => [
    "read operating system, architecture, kernel, cgroup version and addresses",
    ...(spec.packages.kind === "bundle"
      ? []
      : ["fetch the keys of its package repositories, to see that it reaches them; kept nowhere"]),
  ],
  run: async (context, facts, { machine, access }) => {
    const host = await readHostFacts(machine.name, access);
    checkHost(context, host);
    checkGpus(context, machine, host);
    await context.packages.checkReach(context, access, host);
    // A machine that is listed under two names is not to be prepared under both.
    refuseClones([...(facts.hosts ?? []), host]);
    const settings = nodeSettingsFor([host], await context.provider.nodeSettings(context));
    return { facts: { hosts: [{ ...host, settings }] } };
  },
};

/** What was found out about a machine. */
export function hostOf({ hosts }: Partial<Facts>, { name }: Pick<Machine, "name">): Host {
  const host = hosts?.find((one) => one.name === name);
  if (!host) throw new ClouderError("internal", `${name} was not looked at`);
  return host;
}

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
