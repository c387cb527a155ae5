import { printable } from "#core/redact";

/** What a log of CRIU (dump.log or restore.log) says about a failure, for people. */
export interface CriuDiagnosis {
  /** The decisive lines, oldest first, safe to print, without the harmless ones. */
  readonly lines: readonly string[];
  /** The cause and its cure, when a line gives one of the known causes away. */
  readonly hint?: string;
}

const maximalLines = 8;
const maximalLength = 400;

/** CRIU logs these as errors or warnings although the dump or restore goes on. */
const harmless = [
  /Can't setup RLIMIT_NOFILE for self/,
  /Unable to get \$HOME directory/,
  /Can't open file \/proc\/\d+\/(loginuid|oom_score_adj)/,
  /not supported by the kernel/i,
  /Skipping \S+ plugin/,
];

/** Lines that only say that something else failed before. */
const consequences =
  /(Dumping FAILED|Restoring FAILED|Pre-dumping FAILED|Dump \S+ \(pid: \d+\) failed with|Failed to dump task|killed by signal|did not exit cleanly|cgroupd: recv req error|exited, status=|Unable to run )/i;

interface KnownCause {
  readonly pattern: RegExp;
  readonly cause: string;
  readonly cure: string;
}

const knownCauses: readonly KnownCause[] = [
  {
    pattern: /io_uring/i,
    cause: "a process holds an io_uring ring, which CRIU cannot dump",
    cure: "give the pod seccompProfile RuntimeDefault (it forbids io_uring), or set UV_USE_IO_URING=0 for Node.js programs, and start it anew",
  },
  {
    pattern: /In-flight connection/,
    cause: "a connection was just being set up, for example by a probe",
    cure: "add skip-in-flight to /etc/criu/runc.conf on the node, or try again",
  },
  {
    pattern: /Connected TCP socket|tcp-established|--tcp-established|skip-in-flight option/,
    cause: "the program has open TCP connections and CRIU was not allowed to take them along",
    cure: "add tcp-established to /etc/criu/runc.conf on both nodes",
  },
  {
    pattern: /suspending seccomp failed|PTRACE_O_SUSPEND_SECCOMP|Can't suspend seccomp/i,
    cause: "CRIU itself runs under a seccomp filter and may not suspend that of the container",
    cure: "run containerd and the kubelet outside any seccomp filter (nspawn machines: SYSTEMD_SECCOMP=0)",
  },
  {
    pattern: /anon_inode:\[?(\w+)/,
    cause: "a process holds a kernel object that CRIU cannot dump",
    cure: "close it before the checkpoint; the line names its kind",
  },
  {
    pattern: /Can't bind (inet )?socket|Cannot assign requested address/i,
    cause: "an address the program was bound to does not exist in the new pod",
    cure: "let the program listen on 0.0.0.0 or ::, and see that ip and ss (iproute2) are installed on the node",
  },
  {
    pattern: /link_remap|link-remap|Can't create link remap|linkat/i,
    cause: "a file was deleted or renamed while a process had it open",
    cure: "add link-remap to /etc/criu/runc.conf on both nodes, or close the file before the checkpoint",
  },
  {
    pattern: /ghost file .*(too big|limit)|ghost_limit|ghost-limit/i,
    cause: "a deleted file that is still open is larger than CRIU's limit",
    cure: "raise ghost-limit in /etc/criu/runc.conf on the node",
  },
  {
    pattern:
      /(pid|Pid|thread) \d+.*(exists|already in use|File exists)|Can't fork for \d+: File exists/,
    cause: "a process id of the checkpoint is taken already",
    cure: "restore into a pod without shareProcessNamespace and hostPID",
  },
  {
    pattern:
      /(mnt|mount).*(can't find|No mapping for|No such|doesn't have a proper root|unreachable|not found)|Can't lookup mount|mount \S+ .*No such file/i,
    cause: "a mount of the checkpointed container is missing in the new one",
    cure: "give the new pod the same volumes at the same paths",
  },
  {
    pattern:
      /Can't open file .* on restore|File .* has bad (size|mode)|Can't open file .*No such file/i,
    cause: "a file that a process had open is missing or has changed in the new container",
    cure: "bring the file back (contents of volumes do not travel with the checkpoint), or restore with the volume of the old pod",
  },
  {
    pattern: /file locks?.*(--file-locks|detected)|Some file locks are hold/i,
    cause: "a process holds file locks",
    cure: "add file-locks to /etc/criu/runc.conf on both nodes",
  },
  {
    pattern: /shell-job|dangling .*session|is not a session leader|slave-only tty|tty .*index/i,
    cause:
      "a process uses a terminal from outside its container, for example that of an exec session",
    cure: "end kubectl exec and attach sessions before the checkpoint",
  },
  {
    pattern: /external .*unix|ext-unix-sk|unix socket .*external/i,
    cause: "a process is connected to a unix socket outside its container",
    cure: "add ext-unix-sk to /etc/criu/runc.conf on both nodes if the program can reconnect",
  },
  {
    pattern: /Can't get rlimit|Can't [sg]et rlimits?/i,
    cause: "CRIU may not read or set the resource limits of a process of another user",
    cure: "containerd needs CAP_SYS_RESOURCE on the node; in a machine that lacks it only root's processes can be dumped",
  },
  {
    pattern: /No space left on device/i,
    cause: "the disk of the node is full",
    cure: "free space on the node; a dump needs as much as the memory of the processes",
  },
  {
    pattern: /cpu.*(not supported|not capable|mismatch|incompatible)|fpu.*(not|mismatch)/i,
    cause: "the processor of this node lacks features the processes were using",
    cure: "restore on a node with the same kind of processor",
  },
  {
    pattern: /Unable to freeze cgroup/,
    cause: "the processes could not be frozen in time",
    cure: "try again when the node is less busy",
  },
  {
    pattern: /apparmor|lsm_profile|selinux/i,
    cause: "the security label of the processes cannot be set again",
    cure: "restore on a node with the same AppArmor or SELinux set-up",
  },
];

function stripped(line: string): string {
  const text = printable(line.trimEnd());
  return text.length > maximalLength ? `${text.slice(0, maximalLength)}…` : text;
}

/** Picks out of a CRIU log the lines that say why it failed, and names the cause where it is known. */
export function diagnoseCriuLog(log: string): CriuDiagnosis {
  const suspicious = log
    .split("\n")
    .filter((line) => /\bError \(|\bError:|^Error|\bWarn {2}\(/.test(line))
    .filter((line) => !harmless.some((pattern) => pattern.test(line)));
  const errors = suspicious.filter((line) => !/\bWarn {2}\(/.test(line));
  const telling = errors.filter((line) => !consequences.test(line));
  // Warnings count only where no error line says anything.
  const chosen = telling.length > 0 ? telling : errors.length > 0 ? errors : suspicious;
  const lines = chosen.slice(0, maximalLines).map(stripped);
  // The first error is the reason, what follows comes of it.
  const known = chosen
    .flatMap((line) => knownCauses.find(({ pattern }) => pattern.test(line)) ?? [])
    .at(0);
  return known === undefined ? { lines } : { lines, hint: `${known.cause}: ${known.cure}` };
}
