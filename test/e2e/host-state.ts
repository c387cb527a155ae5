import { outputOf } from "#test/lab/run-program";

/** Machines, mounts, links, rules, cgroups and settings of the host that a cluster could leave. */
export function hostState(): Promise<string> {
  const probe = [
    // Dead ones that init has yet to reap are no machines any more.
    "ps -eo stat=,args= | sed -n 's/^[^Z ]* *\\(systemd-nspawn .*\\)/\\1/p' | sort",
    "cut -d' ' -f2,3 /proc/mounts | sort",
    "ip -o link show | sed 's/^[0-9]*: //; s/[@:].*//' | grep -v '^v[eb]' | sort",
    "iptables-save | grep '^-A' | sed 's/ -c [0-9 ]*//' | sort",
    "find /sys/fs/cgroup -maxdepth 3 -type d -name 'clouder-*' | sort",
    "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/panic /proc/sys/vm/overcommit_memory",
  ].join("; echo; ");
  return outputOf(["sh", "-c", probe]);
}
