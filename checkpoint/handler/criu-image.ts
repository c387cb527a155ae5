import {
  byteFields,
  damaged,
  lastNumber,
  message,
  numbers,
  readEntries,
  readFields,
  type Field,
} from "#checkpoint/handler/criu-wire";

/** What CRIU's images say of the rights with which the processes would come back (images/*.proto). */
const coreMagic = 0x55053847;
const pstreeMagic = 0x50273030;
const seccompMagic = 0x64413049;
const maximalBytes = 16 << 20;
const deadTask = 2;
const threadSync = 1;

/** The credentials of one thread as CRIU would set them. */
export interface ThreadCredentials {
  readonly userIds: readonly number[];
  readonly groupIds: readonly number[];
  readonly supplementaryGroups: readonly number[];
  readonly inheritable: bigint;
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly bounding: bigint;
  readonly ambient: bigint;
  readonly noNewPrivileges: boolean;
  /** 0 none, 1 strict, 2 filter. */
  readonly seccompMode: number;
  /** Index into the filters of seccomp.img. */
  readonly seccompFilter: number | undefined;
  readonly securityLabel: string | undefined;
}

export interface CriuProcess {
  readonly pid: number;
  /** Thread ids, the leader's (= pid) among them. */
  readonly threads: readonly number[];
}

/** The processes in a pstree.img. */
export function readProcesses(image: Buffer): readonly CriuProcess[] {
  return readEntries(image, pstreeMagic, maximalBytes).map((entry) => {
    const fields = readFields(entry);
    const pid = lastNumber(fields, 1);
    if (pid === undefined) throw damaged("a process has no id");
    return { pid, threads: [...new Set([pid, ...numbers(fields, 5)])] };
  });
}

/** A filter of a seccomp.img. */
export interface SeccompFilter {
  /** A `struct sock_filter[]`. */
  readonly program: Buffer;
  /** Index of the filter that it was set on top of. */
  readonly previous: number | undefined;
  /** Set for all threads of the process at once. */
  readonly forAllThreads: boolean;
}

/** The filters in a seccomp.img; threads and filters name each other by index. */
export function readFilters(image: Buffer): readonly SeccompFilter[] {
  const [entry] = readEntries(image, seccompMagic, maximalBytes);
  return byteFields(entry === undefined ? [] : readFields(entry), 1).map((bytes) => {
    const fields = readFields(bytes);
    return {
      program: byteFields(fields, 1).at(-1) ?? Buffer.alloc(0),
      previous: lastNumber(fields, 2),
      forAllThreads: ((lastNumber(fields, 3) ?? 0) & threadSync) !== 0,
    };
  });
}

/** Capability words of 32 bits, lowest first. */
export function capabilityMask(fields: readonly Field[], number: number): bigint {
  return numbers(fields, number).reduce(
    (mask, word, index) => mask | (BigInt(word) << BigInt(32 * index)),
    0n,
  );
}

function required(fields: readonly Field[], number: number, name: string): number {
  const value = lastNumber(fields, number);
  if (value === undefined) throw damaged(`a thread has no ${name}`);
  return value;
}

/** Reads a core-<tid>.img; undefined for a zombie, which never runs again; `integrity` when damaged. */
export function readThreadCredentials(image: Buffer): ThreadCredentials | undefined {
  const [entry] = readEntries(image, coreMagic, maximalBytes);
  if (entry === undefined) throw damaged("it is empty");
  const core = readFields(entry);
  const thread = message(core, 5);
  const creds = thread && message(thread, 10);
  if (!thread || !creds) {
    if (lastNumber(message(core, 3), 1) === deadTask) return undefined;
    throw damaged("a thread has no credentials");
  }
  const label = creds.findLast((field) => field.number === 15 && "bytes" in field);
  return {
    userIds: [1, 3, 5, 7].map((number) => required(creds, number, "user")),
    groupIds: [2, 4, 6, 8].map((number) => required(creds, number, "group")),
    supplementaryGroups: numbers(creds, 14),
    inheritable: capabilityMask(creds, 9),
    permitted: capabilityMask(creds, 10),
    effective: capabilityMask(creds, 11),
    bounding: capabilityMask(creds, 12),
    ambient: capabilityMask(creds, 19),
    noNewPrivileges: (lastNumber(creds, 18) ?? 0) !== 0,
    // The older per-task field is not taken for an answer: current CRIU restores by this one.
    seccompMode: lastNumber(thread, 11) ?? 0,
    seccompFilter: lastNumber(thread, 12),
    securityLabel: label && "bytes" in label ? label.bytes.toString("utf8") : undefined,
  };
}
