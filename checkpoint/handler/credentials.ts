import { readFile } from "node:fs/promises";
import { arch } from "node:os";
import { join } from "node:path";
import { ClouderError } from "#core/error";
import type { RuntimeSpec } from "#checkpoint/handler/bundle";
import {
  readFilters,
  readProcesses,
  readThreadCredentials,
  type SeccompFilter,
  type ThreadCredentials,
} from "#checkpoint/handler/criu-image";
import { asksForFilter, filterExcess } from "#checkpoint/handler/seccomp-guard";

/** Numbers of linux/capability.h, in order. */
const capabilityNames = [
  "CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID",
  "CAP_SETUID CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_ADMIN",
  "CAP_NET_RAW CAP_IPC_LOCK CAP_IPC_OWNER CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT",
  "CAP_SYS_PTRACE CAP_SYS_PACCT CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_NICE CAP_SYS_RESOURCE",
  "CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD CAP_LEASE CAP_AUDIT_WRITE CAP_AUDIT_CONTROL",
  "CAP_SETFCAP CAP_MAC_OVERRIDE CAP_MAC_ADMIN CAP_SYSLOG CAP_WAKE_ALARM CAP_BLOCK_SUSPEND",
  "CAP_AUDIT_READ CAP_PERFMON CAP_BPF CAP_CHECKPOINT_RESTORE",
].flatMap((line) => line.split(" "));

function mask(names: readonly string[] | undefined): bigint {
  return (names ?? []).reduce((bits, name) => {
    const number = capabilityNames.indexOf(name.toUpperCase());
    return number < 0 ? bits : bits | (1n << BigInt(number));
  }, 0n);
}

function names(bits: bigint): string {
  const known = capabilityNames.filter((_, number) => (bits >> BigInt(number)) & 1n);
  return known.length > 0 ? known.join(", ") : `0x${bits.toString(16)}`;
}

/** True when the new container is allowed a capability, for instance CAP_MKNOD. */
export function allowsCapability(spec: RuntimeSpec, name: string): boolean {
  return (mask(spec.process?.capabilities?.bounding) & mask([name])) !== 0n;
}

function userExcess(thread: ThreadCredentials, spec: RuntimeSpec): string | undefined {
  const { uid = 0, gid = 0, additionalGids = [] } = spec.process?.user ?? {};
  // Root may become anyone; everybody else stays who the pod says.
  if (uid === 0) return undefined;
  const foreign = thread.userIds.find((id) => id !== uid);
  if (foreign !== undefined) return `runs as user ${foreign}, the pod as user ${uid}`;
  const groups = new Set([gid, ...additionalGids]);
  const group = [...thread.groupIds, ...thread.supplementaryGroups].find((id) => !groups.has(id));
  return group === undefined ? undefined : `is in group ${group}, the pod is not`;
}

function capabilityExcess(thread: ThreadCredentials, spec: RuntimeSpec): string | undefined {
  const given = spec.process?.capabilities;
  const active = thread.permitted | thread.effective | thread.inheritable | thread.ambient;
  const excess =
    (active & ~mask(given?.permitted)) | ((active | thread.bounding) & ~mask(given?.bounding));
  return excess === 0n ? undefined : `holds ${names(excess)}, which the pod does not give`;
}

function labelExcess(thread: ThreadCredentials, spec: RuntimeSpec): string | undefined {
  const { apparmorProfile, selinuxLabel } = spec.process ?? {};
  const label = thread.securityLabel ?? "";
  if (apparmorProfile && apparmorProfile !== "unconfined" && !label.includes(apparmorProfile)) {
    return `is not under the pod's AppArmor profile ${apparmorProfile}`;
  }
  const type = selinuxLabel?.split(":")[2];
  if (type !== undefined && label.split(":")[2] !== type) {
    return `is not under the pod's SELinux type ${type}`;
  }
  return undefined;
}

/** How the calls of a thread are filtered once it is back. */
export interface Filtering {
  readonly mode: number;
  /** Index of its last filter; undefined: the images hold none. */
  readonly last: number | undefined;
  readonly filters: readonly SeccompFilter[];
}

const strictMode = 1;

function seccompExcess({ mode, last, filters }: Filtering, spec: RuntimeSpec): string | undefined {
  const wanted = spec.linux?.seccomp;
  // Processes under a filter in a pod without one have less freedom than the pod gives.
  if (!asksForFilter(wanted) || mode === strictMode) return undefined;
  if (mode === 0) return "runs without a seccomp filter, the pod with one";
  if (last === undefined) return "was under a seccomp filter that is not in the images";
  return filterExcess(wanted, filters, last, arch());
}

/** Says in which way a checkpointed thread would have more rights than the new container gives. */
export function excessOf(
  thread: ThreadCredentials,
  spec: RuntimeSpec,
  filtering: Filtering,
): string | undefined {
  const rights = userExcess(thread, spec) ?? capabilityExcess(thread, spec);
  if (rights !== undefined) return rights;
  if (spec.process?.noNewPrivileges && !thread.noNewPrivileges) {
    return "may gain privileges (no_new_privs is off), the pod's processes may not";
  }
  return seccompExcess(filtering, spec) ?? labelExcess(thread, spec);
}

/**
 * Refuses images whose processes would come back with rights that config.json does not give
 * (the class of CVE-2026-95837).
 */
export async function guardCredentials(
  images: string,
  files: readonly string[],
  spec: RuntimeSpec,
): Promise<void> {
  const read = (name: string) => {
    if (files.includes(name)) return readFile(join(images, name));
    throw new ClouderError("integrity", `the checkpoint has no ${name}`, {
      hint: "take a new checkpoint",
    });
  };
  const filters = files.includes("seccomp.img") ? readFilters(await read("seccomp.img")) : [];
  for (const { pid, threads } of readProcesses(await read("pstree.img"))) {
    const leader = readThreadCredentials(await read(`core-${pid}.img`));
    // CRIU writes a filter that all threads have only to the leader, to be set for all at once.
    const filter = leader?.seccompMode === 2 ? leader.seccompFilter : undefined;
    const shared = filter !== undefined && filters[filter]?.forAllThreads === true;
    for (const tid of threads) {
      const thread = readThreadCredentials(await read(`core-${tid}.img`));
      if (thread === undefined) continue;
      const own = { mode: thread.seccompMode, last: thread.seccompFilter, filters };
      const taken = shared && own.mode === 0 ? { mode: 2, last: filter, filters } : own;
      const excess = excessOf(thread, spec, taken);
      if (excess !== undefined) {
        throw new ClouderError("refused", `checkpoint/core-${tid}.img: the process ${excess}`, {
          hint: "restore into a pod with the security context of the checkpointed one",
        });
      }
    }
  }
}
