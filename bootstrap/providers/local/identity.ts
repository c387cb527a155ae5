import { createHash } from "node:crypto";
import { join, resolve } from "node:path";

/** Names under which a cluster's parts are found on this host; derived, never stored. */
export interface LocalIdentity {
  readonly cluster: string;
  readonly folder: string;
  /** Eight hexadecimal digits: other homes may have a cluster of the same name. */
  readonly id: string;
  readonly bridge: string;
  /** Folder below each cgroup hierarchy. */
  readonly cgroup: string;
  /** Comment on every firewall rule of ours. */
  readonly ruleComment: string;
}

/** The names of a cluster whose files are in `folder`. */
export function identityOf(cluster: string, folder: string): LocalIdentity {
  const place = resolve(folder);
  const id = createHash("sha256").update(place).digest("hex").slice(0, 8);
  return {
    cluster,
    folder: place,
    id,
    bridge: `clouder${id}`,
    cgroup: `clouder-${id}`,
    ruleComment: `clouder:${id}`,
  };
}

export const machineFolder = (identity: LocalIdentity, machine: string): string =>
  join(identity.folder, "machines", machine);

export const machineRootOf = (identity: LocalIdentity, machine: string): string =>
  join(machineFolder(identity, machine), "root");

/** systemd-nspawn's name for a machine: unique on the host, unlike the host name inside. */
export const nspawnName = (identity: LocalIdentity, machine: string): string =>
  `${machine}-${identity.id}`;
