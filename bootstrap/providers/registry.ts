import type { Provider } from "#bootstrap/providers/provider";
import type { Registry } from "#core/registry";

/** Where machines come from. */
export const providers = {
  local: {
    title: "systemd-nspawn machines on this Linux host",
    load: async () => (await import("#bootstrap/providers/local/provider")).localProvider,
  },
  ssh: {
    title: "your own machines, over SSH",
    load: async () => (await import("#bootstrap/providers/ssh/provider")).sshProvider,
  },
} as const satisfies Registry<Provider>;
