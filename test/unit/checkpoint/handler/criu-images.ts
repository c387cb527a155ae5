/** Writes tiny CRIU images, so that tests can say what is in them. */
function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

export function field(number: number, value: number | Buffer): Buffer {
  if (typeof value === "number") return Buffer.concat([varint(number * 8), varint(value)]);
  return Buffer.concat([varint(number * 8 + 2), varint(value.length), value]);
}

export function image(magic: number, ...entries: readonly Buffer[]): Buffer {
  const word = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  return Buffer.concat([
    word(0x54564319),
    word(magic),
    ...entries.flatMap((entry) => [word(entry.length), entry]),
  ]);
}

export interface CoreFacts {
  readonly uid?: number;
  readonly gid?: number;
  readonly groups?: readonly number[];
  readonly capabilities?: readonly [number, number];
  readonly bounding?: readonly [number, number];
  readonly noNewPrivileges?: boolean;
  readonly seccomp?: { readonly mode: number; readonly filter?: number };
  readonly label?: string;
}

export function coreImage(facts: CoreFacts = {}): Buffer {
  const { uid = 0, gid = 0, capabilities = [0, 0], bounding = capabilities } = facts;
  const creds = Buffer.concat([
    ...[1, 3, 5, 7].map((number) => field(number, uid)),
    ...[2, 4, 6, 8].map((number) => field(number, gid)),
    ...[10, 11].flatMap((number) => capabilities.map((word) => field(number, word))),
    ...bounding.map((word) => field(12, word)),
    field(13, 0),
    ...(facts.groups ?? []).map((group) => field(14, group)),
    ...(facts.label === undefined ? [] : [field(15, Buffer.from(facts.label))]),
    ...(facts.noNewPrivileges ? [field(18, 1)] : []),
  ]);
  const thread = Buffer.concat([
    field(1, 0),
    field(10, creds),
    ...(facts.seccomp ? [field(11, facts.seccomp.mode)] : []),
    ...(facts.seccomp?.filter === undefined ? [] : [field(12, facts.seccomp.filter)]),
  ]);
  return image(0x55053847, Buffer.concat([field(1, 1), field(5, thread)]));
}

export function zombieImage(): Buffer {
  return image(0x55053847, Buffer.concat([field(1, 1), field(3, field(1, 2))]));
}

export function pstreeImage(...processes: readonly (readonly number[])[]): Buffer {
  return image(
    0x50273030,
    ...processes.map((threads) =>
      Buffer.concat([field(1, threads[0] ?? 0), ...threads.map((tid) => field(5, tid))]),
    ),
  );
}

/** Programs that libseccomp wrote for x64: by default refusing, and by default allowing. */
export const seccompPrograms = {
  /** Lets read, write, futex, mmap, exit_group and ptrace through. */
  refusing:
    "IAAAAAQAAAAVAAALPgAAwCAAAAAAAAAANQAAAQAAAEAVAAAI/////xUABgAAAAAAFQAFAAEAAAAVAAQACQAAABUAAwBlAAAAFQACAMoAAAAVAAEA5wAAAAYAAAABAAUABgAAAAAA/38GAAAAAAAAAA==",
  /** Keeps mount and bpf off. */
  allowing:
    "IAAAAAQAAAAVAAAHPgAAwCAAAAAAAAAANQAAAQAAAEAVAAAE/////xUAAgClAAAAFQABAEEBAAAGAAAAAAD/fwYAAAABAAUABgAAAAAAAAA=",
  /** One instruction: everything is allowed. */
  lax: "BgAAAAAA/38=",
} as const;

export interface FilterFacts {
  readonly program?: keyof typeof seccompPrograms;
  readonly previous?: number;
  readonly flags?: number;
}

export function seccompImage(...filters: readonly FilterFacts[]): Buffer {
  return image(
    0x64413049,
    Buffer.concat(
      filters.map(({ program = "refusing", previous, flags = 0 }) =>
        field(
          1,
          Buffer.concat([
            field(1, Buffer.from(seccompPrograms[program], "base64")),
            ...(previous === undefined ? [] : [field(2, previous)]),
            field(3, flags),
          ]),
        ),
      ),
    ),
  );
}
