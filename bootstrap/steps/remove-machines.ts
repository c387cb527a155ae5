import type { Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** All machines and their network, and a look whether anything is left. */
export const removeMachines: Step = {
  id: "remove-machines",
  title: "remove machines and their network",
  scope: "cluster",
  needs: [],
  gives: [],
  after: ["cloud-things"],
  preview: ({ spec }) => [`every machine, mount, cgroup, bridge and firewall rule of ${spec.name}`],
  run: async (context) => {
    const { left } = await context.provider.remove(context, "all");
    if (left.length > 0) {
      throw new ClouderError("conflict", `not everything could be removed: ${left.join(", ")}`, {
        hint: "run the command again; what is left is named above",
        details: { left },
      });
    }
    return {};
  },
};
