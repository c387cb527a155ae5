import type { NodeAccessDriver } from "#bootstrap/nodes/node-access";
import type { Registry } from "#core/registry";

/** Ways to reach a machine, by the `access` of its address. */
export const nodeAccessDrivers = {
  ssh: {
    title: "SSH with pinned host keys",
    load: async () => (await import("#bootstrap/nodes/ssh")).sshAccess,
  },
  local: {
    title: "this machine",
    load: async () => (await import("#bootstrap/nodes/local")).localAccess,
  },
} as const satisfies Registry<NodeAccessDriver>;
