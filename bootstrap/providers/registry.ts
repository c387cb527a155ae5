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
  aws: {
    title: "machines of Amazon EC2",
    load: async () => (await import("#bootstrap/providers/aws/provider")).awsProvider,
  },
  azure: {
    title: "machines of Azure",
    load: async () => (await import("#bootstrap/providers/azure/provider")).azureProvider,
  },
} as const satisfies Registry<Provider>;
