import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CachedPart } from "./cache.ts";
import { copyRoot, inRoot } from "./debian.ts";
import { runProgram } from "./run-program.ts";
import { debian } from "./versions.ts";

/** Documentation and translations: a third of the root, used by nobody on a test machine. */
const unused = ["usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man"];

/** What must differ between machines or only served the build. */
const perMachine = [
  "etc/hostname",
  "etc/ssh/ssh_host_*",
  "var/lib/dbus/machine-id",
  "var/lib/apt/lists/*",
];

/**
 * The kubelet needs the file, CoreDNS a server in it. This address (TEST-NET-1) belongs to nobody; whoever
 * makes a machine replaces it.
 */
const nowhere = "nameserver 192.0.2.53\noptions timeout:1 attempts:1\n";

/** `root.tar.zst`: a bootable Debian machine with sshd, without identity, keys or accounts. */
export function machineRoot(server: string): CachedPart {
  return {
    name: "machine-root",
    title: "machine root file system",
    expected: "about 1 minute",
    inputs: [server.split("/").at(-1), debian.node, debian.machine],
    recipe: [import.meta.filename],
    build: async (folder) => {
      const root = join(folder, "root");
      await copyRoot(join(server, "root"), root);
      const packages = [...debian.node, ...debian.machine].join(" ");
      await inRoot(
        root,
        `apt-get -q -y install --no-install-recommends ${packages}
         apt-get clean
         systemctl enable ssh systemd-networkd
         systemctl disable apt-daily.timer apt-daily-upgrade.timer
         rm -rf ${[...unused, ...perMachine].map((path) => `/${path}`).join(" ")}
         : > /etc/machine-id`,
      );
      await rm(join(root, "etc/apt/sources.list.d", `${debian.newerRelease}.list`));
      await rm(join(root, "etc/apt/preferences.d", debian.newerRelease));
      await giveOwnHostKeys(root);
      await writeFile(join(root, "etc/resolv.conf"), nowhere);
      await runProgram([
        "tar",
        "--numeric-owner",
        "--xattrs",
        "--sort=name",
        "-I",
        "zstd -3 -T0",
        "-cf",
        join(folder, "root.tar.zst"),
        "-C",
        root,
        ".",
      ]);
      await rm(root, { recursive: true });
    },
  };
}

/** Machines that come without host keys make them before sshd starts; keys that are there stay. */
async function giveOwnHostKeys(root: string): Promise<void> {
  const folder = join(root, "etc/systemd/system/ssh.service.d");
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "10-host-keys.conf"),
    // The empty assignment puts ours before the check of the settings, which wants keys.
    "[Service]\nExecStartPre=\nExecStartPre=/usr/bin/ssh-keygen -A\nExecStartPre=/usr/sbin/sshd -t\n",
  );
}
