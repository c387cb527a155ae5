import { malformed } from "#checkpoint/archive/tar-format";
import { walkTar } from "#checkpoint/archive/tar-walk";
import type { ContainerIndex, IndexEntry } from "#checkpoint/archive/container-index";
import type { RawFrame } from "#checkpoint/archive/read-frames";

/**
 * Keeps what lies between the data of the entries as it flows past (headers, extensions, padding),
 * so that the tar's own headers can be read afterwards without the data.
 */
export interface Gaps {
  take(frame: RawFrame): void;
  /** The entries that the tar itself names. */
  entries(): Promise<Omit<IndexEntry, "link">[]>;
}

/** Far more than the headers of 100 000 entries with their extensions are in practice. */
const mostBytes = 64 * 1024 * 1024;

interface Gap {
  readonly offset: number;
  readonly bytes: Buffer;
}

export function createGaps(index: ContainerIndex): Gaps {
  const gaps = gapsOf(index);
  let current = 0;
  return {
    take: ({ rawOffset, bytes }) => {
      const end = rawOffset + bytes.length;
      for (let n = current; n < gaps.length; n += 1) {
        const gap = gaps[n];
        if (gap === undefined || gap.offset >= end) return;
        const from = Math.max(gap.offset, rawOffset);
        const to = Math.min(gap.offset + gap.bytes.length, end);
        gap.bytes.set(bytes.subarray(from - rawOffset, to - rawOffset), from - gap.offset);
        if (gap.offset + gap.bytes.length <= end) current = n + 1;
      }
    },
    entries: async () => {
      let at = 0;
      const walk = await walkTar(index.rawBytes, (offset, length) => {
        while (at < gaps.length - 1 && (gaps[at + 1]?.offset ?? Infinity) <= offset) at += 1;
        const gap = gaps[at];
        const start = offset - (gap?.offset ?? Infinity);
        if (gap === undefined || start < 0 || start + length > gap.bytes.length) {
          return Promise.reject(malformed("a header lies where the index has data"));
        }
        return Promise.resolve(gap.bytes.subarray(start, start + length));
      });
      return walk.entries.map(({ dataOffset, ...entry }) => ({ ...entry, offset: dataOffset }));
    },
  };
}

function gapsOf(index: ContainerIndex): Gap[] {
  const gaps: Gap[] = [];
  let kept = 0;
  const keep = (from: number, to: number) => {
    if (to <= from) return;
    kept += to - from;
    if (kept > mostBytes) throw malformed("more of it lies outside its entries than inside");
    gaps.push({ offset: from, bytes: Buffer.alloc(to - from) });
  };
  let at = 0;
  for (const entry of index.entries) {
    keep(at, entry.offset);
    at = Math.max(at, entry.offset + entry.size);
  }
  keep(at, index.rawBytes);
  return gaps;
}
