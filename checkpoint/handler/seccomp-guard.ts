import type { RuntimeSpec } from "#checkpoint/handler/bundle";
import type { SeccompFilter } from "#checkpoint/handler/criu-image";
import { damaged } from "#checkpoint/handler/criu-wire";
import { parseProgram } from "#checkpoint/handler/seccomp-program";

type Seccomp = NonNullable<NonNullable<RuntimeSpec["linux"]>["seccomp"]>;

/** Numbers of system calls that no ordinary program needs, on x64 and arm64. */
const telling: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  acct: [163, 89],
  add_key: [248, 217],
  bpf: [321, 280],
  delete_module: [176, 106],
  finit_module: [313, 273],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fsopen: [430, 430],
  init_module: [175, 105],
  io_uring_setup: [425, 425],
  kexec_file_load: [320, 294],
  kexec_load: [246, 104],
  keyctl: [250, 219],
  mount: [165, 40],
  mount_setattr: [442, 442],
  move_mount: [429, 429],
  open_by_handle_at: [304, 265],
  open_tree: [428, 428],
  perf_event_open: [298, 241],
  pivot_root: [155, 41],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  ptrace: [101, 117],
  quotactl: [179, 60],
  reboot: [169, 142],
  request_key: [249, 218],
  setns: [308, 268],
  settimeofday: [164, 170],
  swapoff: [168, 225],
  swapon: [167, 224],
  umount2: [166, 39],
  unshare: [272, 97],
  userfaultfd: [323, 282],
};

/** AUDIT_ARCH_… as filters see it, by Node's name of the architecture. */
const architectures: Readonly<Record<string, { readonly audit: number; readonly column: 0 | 1 }>> =
  {
    x64: { audit: 0xc000003e, column: 0 },
    arm64: { audit: 0xc00000b7, column: 1 },
  };

const permitting = new Set(["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"]);
const allow = 0x7fff0000;
const log = 0x7ffc0000;

/** Whether the pod's spec asks for a filter that keeps anything off. */
export function asksForFilter(seccomp: Seccomp | undefined): seccomp is Seccomp {
  if (seccomp === undefined) return false;
  const { defaultAction = "SCMP_ACT_ALLOW", syscalls = [] } = seccomp;
  return !permitting.has(defaultAction) || syscalls.some(({ action }) => !permitting.has(action));
}

/**
 * Says which system call the filters of a checkpointed thread let through although the pod's spec
 * does not. The filters' bytes differ from one version of the runtime to the next, so they are run on
 * calls that tell a lax filter from a strict one, not compared.
 */
export function filterExcess(
  seccomp: Seccomp,
  filters: readonly SeccompFilter[],
  last: number,
  architecture: string,
): string | undefined {
  const programs = chainOf(filters, last).map(({ program }) => parseProgram(program));
  const machine = architectures[architecture];
  if (!machine) return undefined;
  const { audit: arch, column } = machine;
  const lax = Object.entries(telling).filter(
    ([name, numbers]) =>
      isDenied(seccomp, name) &&
      // The kernel runs all filters of the chain: one that says no is enough.
      programs.every(({ answer }) => isPermitted(answer({ number: numbers[column], arch }))),
  );
  if (lax.length === 0) return undefined;
  const names = lax.map(([name]) => name);
  const more = names.length > 5 ? ` and ${String(names.length - 5)} more` : "";
  return `is under a seccomp filter that lets ${names.slice(0, 5).join(", ")}${more} through, the pod's does not`;
}

/** The filter that was set last, and those before it. */
function chainOf(filters: readonly SeccompFilter[], last: number): readonly SeccompFilter[] {
  const chain: SeccompFilter[] = [];
  for (let index: number | undefined = last; index !== undefined;) {
    const filter: SeccompFilter | undefined = filters[index];
    if (filter === undefined || chain.includes(filter)) {
      throw damaged(`its seccomp filter ${String(index)} is not in seccomp.img`);
    }
    chain.push(filter);
    index = filter.previous;
  }
  return chain;
}

function isPermitted(answer: number): boolean {
  const action = (answer & 0xffff0000) >>> 0;
  return action === allow || action === log;
}

/** True when the spec says no to the call whatever its arguments. */
function isDenied({ defaultAction = "SCMP_ACT_ALLOW", syscalls = [] }: Seccomp, name: string) {
  const rules = syscalls.filter(({ names }) => names.includes(name));
  if (rules.length === 0) return !permitting.has(defaultAction);
  return rules.every(({ action, args = [] }) => !permitting.has(action) && args.length === 0);
}
