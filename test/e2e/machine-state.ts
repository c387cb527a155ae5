import type { OwnMachine } from "#test/lab/own-machines";

const volatile = [
  ...["/var/log", "/var/cache", "/tmp", "/var/tmp", "/root/.ssh"],
  // Packages that create brought up to date stay so, and dpkg's own files tell of it.
  ...["/var/lib/dpkg", "/var/lib/systemd", "/usr/share/doc", "/usr/share/locale"],
  "/usr/lib/*-linux-gnu",
  "/etc/ld.so.cache",
];

const script = `
find / -xdev \\( PRUNED \\) -prune -o -type f -exec sha256sum {} +
find / -xdev \\( PRUNED \\) -prune -o -printf '%p %M %u:%g %l\\n'
cut -d' ' -f2,3 /proc/mounts | sed 's/^/mount /'
ip -o link | sed 's/^[0-9]*: /link /; s/[@:].*//'
ip -4 route | sed 's/^/route /'
systemctl list-units --type=service,socket,mount --state=active,failed --no-legend --plain | sed 's/^\\([^ ]*\\).*/unit \\1/'
systemctl list-unit-files --state=enabled --no-legend | sed 's/^\\([^ ]*\\).*/enabled \\1/'
for tool in iptables ip6tables; do $tool-save | sed -n "s/^\\(-A .*\\|:[A-Z]*-[^ ]*\\).*/$tool \\1/p"; done
ps -eo comm= | sed -n '/kube\\|etcd\\|containerd\\|pause\\|flannel\\|coredns/p'
echo "forwarding $(sysctl -n net.ipv4.ip_forward)"
dpkg -l | awk '/^.i/ {print "package", $1, $2}'
`;

/** All that can be seen of a machine, a line for each thing, so that a difference tells its name. */
export async function machineState(machine: OwnMachine): Promise<ReadonlySet<string>> {
  const paths = volatile.map((path) => `-path '${path}'`).join(" -o ");
  const { stdout } = await machine.run(["sh", "-c", script.replaceAll("PRUNED", paths)]);
  return new Set(stdout.split("\n"));
}

/** What is new in one state and what is missing from it, against an earlier one. */
export function differences(
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): { readonly added: readonly string[]; readonly missing: readonly string[] } {
  return {
    added: [...after].filter((line) => !before.has(line)),
    missing: [...before].filter((line) => !after.has(line)),
  };
}
