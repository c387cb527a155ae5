import { closeSync, openSync, writeSync } from "node:fs";
import { header } from "#test/unit/checkpoint/archive/tar-builder";
import { withSize } from "#checkpoint/archive/tar-format";

/** Writes a tar with one pages file of `bytes` bytes like a program's heap: zstd -1 makes 2.5 times less of it. */
export function writeHeapArchive(path: string, bytes: number): void {
  const pages = bytes - (bytes % 4096);
  const file = openSync(path, "w", 0o600);
  writeSync(file, withSize(header({ name: "checkpoint/pages-1.img" }), pages));
  const next = generator(7);
  const pool = Array.from({ length: 64 }, () => mebibyteOf(next));
  for (let done = 0; done < pages;) {
    const block = pool[next() % pool.length] ?? Buffer.alloc(0);
    // No two blocks are the same.
    for (let n = 0; n < 256; n += 1) block.writeUInt32LE(next(), n * 4096 + (next() % 1000) * 4);
    done += writeSync(file, block.subarray(0, Math.min(block.length, pages - done)));
  }
  writeSync(file, Buffer.alloc(1024));
  closeSync(file);
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state ^ (state >>> 15)) >>> 0;
  };
}

function mebibyteOf(next: () => number): Buffer {
  const block = Buffer.alloc(2 ** 20);
  for (let page = 0; page < 256; page += 1) {
    const kind = next() % 100;
    for (let at = page * 4096; at < (page + 1) * 4096; at += 32) fill(block, at, kind, next);
  }
  return block;
}

/** Half of the pages are objects with counts and pointers, others text, random bytes, counters. */
function fill(block: Buffer, at: number, kind: number, next: () => number): void {
  if (kind < 50) {
    block.writeUInt32LE(1 + (next() % 3), at);
    block.writeBigUInt64LE(0x55d0c0a01000n + BigInt(next() % 4) * 0x1a0n, at + 8);
    block.writeBigUInt64LE(0x7f0000000000n + BigInt((at * 48) >>> 0), at + 16);
    block.writeUInt32LE(next() % 40, at + 24);
  } else if (kind < 72) {
    for (let n = 0; n < 4; n += 1) block.write(words[next() % words.length] ?? "", at + n * 8);
  } else if (kind < 90) {
    for (let n = 0; n < 8; n += 1) block.writeUInt32LE(next(), at + n * 4);
  } else {
    for (let n = 0; n < 8; n += 1) block.writeUInt32LE(at + n, at + n * 4);
  }
}

const words = "request response session memory pointer object string number array value".split(" ");
