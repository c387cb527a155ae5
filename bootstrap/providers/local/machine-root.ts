import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hostCommand } from "./host-command.ts";

export interface MachinePlan {
  readonly name: string;
  readonly address: string;
  readonly gateway: string;
  /** Line for root's authorized_keys. */
  readonly publicKey: string;
}

/**
 * Unpacks a machine's root file system and gives it its identity. The folder appears by a rename
 * when it is whole, so that a killed run leaves nothing that looks like a machine.
 */
export async function ensureMachineRoot(
  folder: string,
  archive: () => Promise<string>,
  plan: MachinePlan,
): Promise<"made" | "there"> {
  const root = join(folder, "root");
  if (await exists(join(root, "etc"))) return "there";
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    if (name.endsWith(".part")) {
      await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
    }
  }
  const part = join(folder, `root.${randomBytes(4).toString("hex")}.part`);
  await mkdir(part);
  await hostCommand(["tar", "--numeric-owner", "--xattrs", "-xf", await archive(), "-C", part]);
  await giveIdentity(part, plan);
  await rename(part, root);
  return "made";
}

/** The machine's own public host key, "algorithm base64". */
export async function hostKeyLine(folder: string): Promise<string> {
  const text = await readFile(join(folder, "root/etc/ssh/ssh_host_ed25519_key.pub"), "utf8");
  return text.trim().split(" ").slice(0, 2).join(" ");
}

async function exists(path: string): Promise<boolean> {
  return await readdir(path).then(
    () => true,
    () => false,
  );
}

async function giveIdentity(root: string, plan: MachinePlan): Promise<void> {
  const put = async (path: string, content: string, mode = 0o644) => {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    // The image's file may be a link out of the root: never write through it.
    await rm(target, { force: true });
    await writeFile(target, content);
    await chmod(target, mode);
  };
  await put("etc/hostname", `${plan.name}\n`);
  await put("etc/machine-id", `${randomBytes(16).toString("hex")}\n`);
  await rm(join(root, "var/lib/dbus/machine-id"), { force: true });
  await put("etc/hosts", `127.0.0.1 localhost\n::1 localhost\n${plan.address} ${plan.name}\n`);
  await put("etc/resolv.conf", await resolvConf(plan.gateway));
  await put(
    "etc/systemd/network/10-host0.network",
    `[Match]\nName=host0\n[Network]\nAddress=${plan.address}/24\nGateway=${plan.gateway}\n`,
  );
  await put("root/.ssh/authorized_keys", `${plan.publicKey.trim()}\n`, 0o600);
  await chmod(join(root, "root/.ssh"), 0o700);
  await put("usr/local/sbin/clouder-machine", machineScript, 0o755);
  await put("etc/systemd/system/clouder-machine.service", machineUnit);
  const units = join(root, "etc/systemd/system");
  await link("/dev/null", join(units, "systemd-networkd-wait-online.service"));
  const wants = join(units, "multi-user.target.wants");
  await mkdir(wants, { recursive: true });
  await link("../clouder-machine.service", join(wants, "clouder-machine.service"));
  await link(
    "/usr/lib/systemd/system/systemd-networkd.service",
    join(wants, "systemd-networkd.service"),
  );
  await link("/usr/lib/systemd/system/ssh.service", join(wants, "ssh.service"));
  await hostCommand([
    ...["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", plan.name],
    ...["-f", join(root, "etc/ssh/ssh_host_ed25519_key")],
  ]);
}

async function link(to: string, path: string): Promise<void> {
  await rm(path, { force: true });
  await symlink(to, path);
}

/** CoreDNS refuses to start without a name server, and loops over one on loopback. */
async function resolvConf(gateway: string): Promise<string> {
  const text = await readFile("/etc/resolv.conf", "utf8").catch(() => "");
  const servers = [...text.matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)]
    .map((match) => match[1] ?? "")
    .filter((server) => !server.startsWith("127."));
  return (servers.length > 0 ? servers : [gateway])
    .map((server) => `nameserver ${server}\n`)
    .join("");
}

/**
 * What a container lacks to be a node: writable cgroups and /proc/sys, /dev/kmsg, and three kernel
 * settings as the kubelet wants to find them; those belong to the host, so files stand in for them.
 */
const machineScript = `#!/bin/sh
for group in /sys/fs/cgroup /sys/fs/cgroup/*/; do
  mountpoint -q "$group" || continue
  mount -o remount,bind,rw "$group" 2>/dev/null || mount -o remount,rw "$group" 2>/dev/null || true
done
mount -o remount,bind,rw /proc/sys
[ -e /dev/kmsg ] || ln -s /dev/null /dev/kmsg
mkdir -p /run/clouder-machine
for setting in kernel/panic=10 kernel/panic_on_oops=1 vm/overcommit_memory=1; do
  name=\${setting%=*}
  file=/run/clouder-machine/\${name##*/}
  [ -e "$file" ] && continue
  echo "\${setting#*=}" > "$file"
  mount --bind "$file" "/proc/sys/$name"
done
`;

const machineUnit = `[Unit]
Description=Make this container fit for Kubernetes
DefaultDependencies=no
After=local-fs.target
Before=ssh.service containerd.service kubelet.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/clouder-machine

[Install]
WantedBy=multi-user.target
`;
