import { paddingOf, paxHeader, withSize } from "#checkpoint/archive/tar-format";

/** One entry of a tar made for a test; may be as hostile as wanted. */
export interface MadeEntry {
  readonly name: string;
  readonly data?: Buffer;
  readonly type?: string;
  readonly link?: string;
  readonly pax?: Readonly<Record<string, string>>;
  readonly gnu?: boolean;
}

export function header(entry: MadeEntry): Buffer {
  const block = Buffer.alloc(512);
  block.write(entry.name, 0, 100);
  block.write("0000600\0", 100, "latin1");
  block.write("0000000\0", 108, "latin1");
  block.write("0000000\0", 116, "latin1");
  block.write("15000000000\0", 136, "latin1");
  block.write(entry.type ?? "0", 156, "latin1");
  block.write(entry.link ?? "", 157, 100);
  block.write(entry.gnu ? "ustar  \0" : "ustar\x0000", 257, "latin1");
  return withSize(block, entry.data?.length ?? 0);
}

/** The bytes of a whole tar. */
export function tarOf(entries: readonly MadeEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const data = entry.data ?? Buffer.alloc(0);
    const pax = entry.pax ? [paxHeader(entry.name, new Map(Object.entries(entry.pax)))] : [];
    return [...pax, header(entry), data, Buffer.alloc(paddingOf(data.length))];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}
