import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SshLogin } from "#bootstrap/nodes/node-access";
import { nodeAccessDrivers } from "#bootstrap/nodes/registry";

/** A jump host, and the address that machines behind it see. */
export type JumpHost = SshLogin & { readonly inside: string };

/** A machine behind it; `folder` is its cluster's. */
interface Hidden {
  readonly name: string;
  readonly folder: string;
  readonly host: string;
  readonly user: string;
}

/** Hosts whose keys the cluster has pinned, in order. */
export async function pinnedHosts(folder: string): Promise<readonly string[]> {
  const lines = (await readFile(join(folder, "known_hosts"), "utf8")).trimEnd().split("\n");
  return lines.map((line) => line.split(" ")[0] ?? "");
}

/** Addresses from which the machine's sshd ever let somebody in, by its own journal. */
export async function callersOf(
  { name, folder, host, user }: Hidden,
  jump: JumpHost,
): Promise<readonly string[]> {
  const driver = await nodeAccessDrivers.ssh.load();
  const { keyFile } = jump;
  const access = await driver.connect(name, {
    ...{ access: "ssh", host, port: 22, user, ...(keyFile !== undefined && { keyFile }), jump },
    knownHostsFile: join(folder, "known_hosts"),
  });
  const { stdout } = await access
    .run(["journalctl", "-u", "ssh", "-o", "cat", "--no-pager"])
    .finally(() => access.close());
  const accepted = new RegExp(`^Accepted publickey for ${user} from (\\S+)`, "gm");
  return [...new Set([...stdout.matchAll(accepted)].map(([, caller = ""]) => caller))];
}
