import { join } from "node:path";
import { keyFileOf } from "./cluster-key.ts";
import type { Machine, ProviderContext } from "./provider.ts";

/** Settings of a cloud that say how its machines are reached. */
interface AccessSettings {
  readonly key?: string;
  readonly jumpHost?: { readonly address: string; readonly port: number; readonly user: string };
}

/** How a machine in a cloud is reached: by SSH with the cluster's or the user's key, through the jump host. */
export function accessTo(
  { folder, sshAgent }: Pick<ProviderContext, "folder" | "sshAgent">,
  settings: AccessSettings,
  machine: { readonly host: string; readonly user: string },
): Machine["reach"] {
  const { key, jumpHost } = settings;
  const keyFile = keyFileOf(settings, folder);
  return {
    ...{ access: "ssh", port: 22, ...machine, keyFile },
    knownHostsFile: join(folder, "known_hosts"),
    ...(jumpHost && {
      jump: {
        ...{ host: jumpHost.address, port: jumpHost.port, user: jumpHost.user },
        // It was there before the cluster and the cluster's own key.
        ...(key !== undefined && { keyFile }),
        ...(sshAgent !== undefined && { agent: sshAgent }),
      },
    }),
  };
}
