import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { killGroup } from "#bootstrap/providers/local/cgroups";
import { machineFolder, machineRootOf } from "#bootstrap/providers/local/identity";
import { removeMachine, startMachine } from "#bootstrap/providers/local/machine";
import { ensureMachineRoot } from "#bootstrap/providers/local/machine-root";
import { systemClock } from "#core/clock";
import { applyUserData } from "#test/lab/cloud-init";
import type { CloudSite } from "#test/lab/cloud-site";
import { runProgram } from "#test/lab/run-program";

/** A machine as a cloud's books have it. */
export interface CloudMachine {
  /** Unique among the cloud's machines, and the machine's host name. */
  readonly name: string;
  readonly privateAddress: string;
  /** The address that callers outside of the network use, if it has one. */
  readonly publicAddress?: string;
  /** Absent: this host's own. */
  readonly nameServer?: string;
  /** Account with the key, one of the administrators'. */
  readonly user: string;
  readonly publicKey: string;
  /** Text for cloud-init. */
  readonly userData?: string;
}

/** The machines of one cloud; what is asked of one machine happens in turn. */
export interface CloudMachines {
  /** Boots a machine: a new one, or one whose power was cut. */
  start(machine: CloudMachine): void;
  /** Cuts the power of a machine; its disk stays. */
  cut(name: string): void;
  /** Ends a machine and removes it. */
  end(name: string): void;
  /** Waits for what is under way; fails with what failed. */
  readonly settled: () => Promise<void>;
}

/** No machine is there yet. */
export function createCloudMachines(site: CloudSite): CloudMachines {
  const turns = new Map<string, Promise<void>>();
  const next = (name: string, work: () => Promise<void>) => {
    const before = turns.get(name)?.catch(() => undefined);
    const turn = Promise.resolve(before).then(work);
    // Told by `settled`; a machine that does not boot is one that does not answer.
    turn.catch(() => undefined);
    turns.set(name, turn);
  };
  return {
    start: (machine) => {
      next(machine.name, () => startOne(site, machine));
    },
    cut: (name) => {
      next(name, () => killGroup([site.identity.cgroup, name], systemClock));
    },
    end: (name) => {
      next(name, () => endOne(site, name));
    },
    settled: async () => {
      await Promise.all(turns.values());
    },
  };
}

/** What cloud-init does on Debian's images: an administrator with the key, nothing for root. */
const firstBoot = `
useradd --create-home --shell /bin/bash "$1"
install -d -m 0700 -o "$1" -g "$1" "/home/$1/.ssh"
echo "$2" > "/home/$1/.ssh/authorized_keys"
chown "$1:$1" "/home/$1/.ssh/authorized_keys"
echo "$1 ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/90-cloud-init-users
rm -r /root/.ssh
`;

/**
 * A cloud's network knows by itself where an address is and asks no machine for it: one that has a
 * load balancer's address on its loopback, too, keeps that to itself.
 */
const quiet = "net.ipv4.conf.all.arp_ignore = 1\nnet.ipv4.conf.all.arp_announce = 2\n";

async function startOne(site: CloudSite, machine: CloudMachine): Promise<void> {
  const { identity, gateway, archive } = site;
  const { name, privateAddress, publicAddress, nameServer } = machine;
  const made = await ensureMachineRoot(
    machineFolder(identity, name),
    () => Promise.resolve(archive),
    { name, address: privateAddress, gateway, publicKey: "" },
  );
  if (made === "made") {
    const root = machineRootOf(identity, name);
    const { user, publicKey, userData } = machine;
    await runProgram(["chroot", root, "sh", "-ec", firstBoot, "sh", user, publicKey]);
    if (userData !== undefined) await applyUserData(root, userData);
    if (nameServer !== undefined) {
      await writeFile(join(root, "etc/resolv.conf"), `nameserver ${nameServer}\n`);
    }
    if (publicAddress !== undefined) {
      const network = join(root, "etc/systemd/network/10-host0.network");
      await appendFile(network, `Address=${publicAddress}/24\n`);
    }
    await mkdir(join(root, "etc/sysctl.d"), { recursive: true });
    await writeFile(join(root, "etc/sysctl.d/50-cloud.conf"), quiet);
  }
  await startMachine(identity, name, { binds: [] });
}

async function endOne({ identity }: CloudSite, name: string): Promise<void> {
  const left = await removeMachine(identity, name, systemClock);
  if (left.length > 0) throw new Error(`left of ${name}: ${left.join(", ")}`);
}
