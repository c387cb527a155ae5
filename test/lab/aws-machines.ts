import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LocalIdentity } from "#bootstrap/providers/local/identity";
import { machineFolder, machineRootOf } from "#bootstrap/providers/local/identity";
import { removeMachine, startMachine } from "#bootstrap/providers/local/machine";
import { ensureMachineRoot } from "#bootstrap/providers/local/machine-root";
import { systemClock } from "#core/clock";
import { runProgram } from "#test/lab/run-program";

/** An instance as the cloud's books have it. */
export interface CloudInstance {
  readonly id: string;
  readonly privateAddress: string;
  /** The address that callers outside of the network use, if it has one. */
  readonly publicAddress?: string;
  /** Line of the key pair that was imported for it. */
  readonly publicKey: string;
}

/** Where machines of the cloud live. */
export interface CloudSite {
  readonly identity: LocalIdentity;
  /** The lab's root file system. */
  readonly archive: string;
  readonly gateway: string;
  readonly nameServer: string;
}

/**
 * What cloud-init does on Debian's images: a user of the administrators' with the key pair, nothing
 * for root.
 */
const firstBoot = `
useradd --create-home --shell /bin/bash admin
install -d -m 0700 -o admin -g admin /home/admin/.ssh
echo "$1" > /home/admin/.ssh/authorized_keys
chown admin:admin /home/admin/.ssh/authorized_keys
echo "admin ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/90-cloud-init-users
`;

/** Boots the machine of an instance. */
export async function startInstance(site: CloudSite, instance: CloudInstance): Promise<void> {
  const { identity, gateway, nameServer } = site;
  const { id, privateAddress, publicAddress, publicKey } = instance;
  await ensureMachineRoot(machineFolder(identity, id), () => Promise.resolve(site.archive), {
    ...{ name: id, address: privateAddress, gateway, publicKey: "" },
  });
  const root = machineRootOf(identity, id);
  await runProgram(["chroot", root, "sh", "-ec", firstBoot, "sh", publicKey]);
  await rm(join(root, "root/.ssh"), { recursive: true });
  await writeFile(join(root, "etc/resolv.conf"), `nameserver ${nameServer}\n`);
  if (publicAddress !== undefined) {
    const network = join(root, "etc/systemd/network/10-host0.network");
    await appendFile(network, `Address=${publicAddress}/24\n`);
  }
  await startMachine(identity, id, { binds: [] });
}

/** Ends the machine of an instance and removes it. */
export async function endInstance({ identity }: CloudSite, id: string): Promise<void> {
  const left = await removeMachine(identity, id, systemClock);
  if (left.length > 0) throw new Error(`left of ${id}: ${left.join(", ")}`);
}
