import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIndex } from "#checkpoint/archive/container-index";
import { openContainerArchive } from "#checkpoint/archive/read-container";
import { unpackContainerArchive } from "#checkpoint/archive/unpack-container";
import { failureOf } from "#test/contract/store";
import { prefix, scratch } from "#test/unit/checkpoint/archive/scratch";
import { tarOf } from "#test/unit/checkpoint/archive/tar-builder";
import type { MadeEntry } from "#test/unit/checkpoint/archive/tar-builder";

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const archive = `${prefix}c.tar.zst`;

const usual: readonly MadeEntry[] = [
  { name: "checkpoint/", type: "5" },
  { name: "checkpoint/inventory.img", data: randomBytes(300) },
  { name: "checkpoint/pages-1.img", data: randomBytes(70_000) },
  { name: "checkpoint/empty.img" },
  { name: "config.dump", data: Buffer.from('{"id":"1"}') },
  { name: "container.log", data: Buffer.from("what it said") },
  { name: "rootfs-diff.tar", data: randomBytes(9_000) },
];

async function rawOf(stored: { readRaw(): AsyncIterable<Uint8Array> }): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stored.readRaw()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("a stored container", () => {
  it("is the kubelet's tar bit for bit, in frames that plain zstd reads", async () => {
    await using place = await scratch();
    const tar = tarOf(usual);
    const record = await place.keep(tar, { frameBytes: 8192 });
    const stored = await openContainerArchive({ store: place.store, prefix, record });
    expect((await rawOf(stored)).equals(tar)).toBe(true);
    const object = place.store.objects.get(archive) ?? Buffer.alloc(0);
    expect(record).toMatchObject({
      rawBytes: tar.length,
      rawSha256: sha256(tar),
      storedBytes: object.length,
      storedSha256: sha256(object),
    });
    expect(stored.index.frames.length).toBe(Math.ceil(tar.length / 8192));
    const frames = stored.index.frames.map(({ storedOffset, storedBytes }) =>
      zstdDecompressSync(object.subarray(storedOffset, storedOffset + storedBytes)),
    );
    expect(Buffer.concat(frames).equals(tar)).toBe(true);
  });

  it("is the same through digest threads, as large archives take them", async () => {
    await using place = await scratch();
    const tar = tarOf([{ name: "checkpoint/pages-1.img", data: randomBytes(20 * 1024 * 1024) }]);
    const record = await place.keep(tar);
    expect(record.rawSha256).toBe(sha256(tar));
    expect(record.storedSha256).toBe(sha256(place.store.objects.get(archive) ?? Buffer.alloc(0)));
    const folder = join(place.folder, "out");
    await unpackContainerArchive({ store: place.store, prefix, record, folder });
    const pages = await readFile(join(folder, "checkpoint/pages-1.img"));
    expect(pages.equals(tar.subarray(512, 512 + pages.length))).toBe(true);
  });

  it("equals the undiverted tar when pages come out of the spool", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.boolean(),
        async (pages, pax, gnu) => {
          await using place = await scratch();
          const spool = join(place.folder, "spool");
          await mkdir(spool);
          const entry = (n: number, data: Buffer): MadeEntry => ({
            name: `checkpoint/pages-${n}.img`,
            data,
            gnu,
            ...(pax && !gnu ? { pax: { "SCHILY.xattr.user.a": "b" } } : {}),
          });
          const rest = usual.filter((other) => !other.name.includes("pages"));
          const whole = tarOf([...pages.map((data, n) => entry(n, Buffer.from(data))), ...rest]);
          const diverted = tarOf([...pages.map((_, n) => entry(n, Buffer.alloc(0))), ...rest]);
          for (const [n, data] of pages.entries())
            await writeFile(join(spool, `pages-${n}.img`), data);
          const record = await place.keep(diverted, { frameBytes: 4096, spool });
          const stored = await openContainerArchive({ store: place.store, prefix, record });
          expect((await rawOf(stored)).equals(whole)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("has its metadata in the index, so that no frame is read for it", async () => {
    await using place = await scratch();
    const record = await place.keep(tarOf(usual));
    const before = place.store.bytesRead();
    const stored = await openContainerArchive({ store: place.store, prefix, record });
    expect(stored.inlineFile("config.dump")?.toString()).toBe('{"id":"1"}');
    expect(stored.inlineFile("container.log")).toBeUndefined();
    const indexBytes = place.store.objects.get(`${prefix}c.index.json`)?.length;
    expect(place.store.bytesRead() - before).toBe(indexBytes);
  });

  it("unpacks what restore needs, readable by its owner only", async () => {
    await using place = await scratch();
    const record = await place.keep(tarOf(usual), { frameBytes: 4096 });
    const folder = join(place.folder, "out");
    const seen: number[] = [];
    const unpacked = await unpackContainerArchive({
      store: place.store,
      prefix,
      record,
      folder,
      onProgress: (done) => seen.push(done),
    });
    const names = await readdir(folder, { recursive: true });
    expect(names.sort()).toEqual([
      "checkpoint",
      "checkpoint/empty.img",
      "checkpoint/inventory.img",
      "checkpoint/pages-1.img",
      "config.dump",
      "rootfs-diff.tar",
    ]);
    for (const { name, data = Buffer.alloc(0), type } of usual) {
      if (name === "container.log") continue;
      const { mode } = await stat(join(folder, name));
      expect(mode & 0o777).toBe(type === "5" ? 0o700 : 0o600);
      if (type === undefined) expect(await readFile(join(folder, name))).toEqual(data);
    }
    expect(unpacked.files).toBe(5);
    expect(seen.at(-1)).toBe(record.rawBytes);
  });

  it("gives back its index after any archive", async () => {
    const name = fc.stringMatching(/^checkpoint\/[a-z0-9.-]{1,30}$/);
    const entries = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 9000 })), {
      selector: ([path]) => path,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(entries, async (files) => {
        await using place = await scratch();
        const tar = tarOf(files.map(([path, data]) => ({ name: path, data: Buffer.from(data) })));
        const record = await place.keep(tar, { frameBytes: 4096 });
        const { index } = await openContainerArchive({ store: place.store, prefix, record });
        const found = index.entries.map(({ name: path, offset, size }) => [
          path,
          new Uint8Array(tar.subarray(offset, offset + size)),
        ]);
        expect(found).toEqual(files.map(([path, data]) => [path, new Uint8Array(data)]));
      }),
      { numRuns: 25 },
    );
  });
});

describe("a damaged container", () => {
  it("is refused with object, frame and entry named, and leaves nothing behind", async () => {
    await using place = await scratch();
    const record = await place.keep(tarOf(usual), { frameBytes: 8192 });
    const object = place.store.objects.get(archive);
    const text = place.store.objects.get(`${prefix}c.index.json`)?.toString() ?? "";
    const frame = parseIndex("index", text).frames[3];
    if (!object || !frame) throw new Error("no frame");
    const at = frame.storedOffset + 100;
    object[at] = (object[at] ?? 0) ^ 1;
    const folder = join(place.folder, "out");
    const failure = await failureOf(
      unpackContainerArchive({ store: place.store, prefix, record, folder }),
    );
    expect(failure.code).toBe("integrity");
    expect(failure.message).toContain(`frame 3 of ${archive}`);
    expect(failure.details).toMatchObject({ frame: 3, entry: "checkpoint/pages-1.img" });
    await expect(stat(folder)).rejects.toThrow("ENOENT");
  });

  it("is refused when the object is cut off", async () => {
    await using place = await scratch();
    const record = await place.keep(tarOf(usual), { frameBytes: 8192 });
    const object = place.store.objects.get(archive) ?? Buffer.alloc(0);
    place.store.objects.set(archive, object.subarray(0, object.length - 10));
    const stored = await openContainerArchive({ store: place.store, prefix, record });
    const failure = await failureOf(rawOf(stored));
    expect(failure.message).toContain("is cut off");
  });

  it("is refused when its index was changed", async () => {
    await using place = await scratch();
    const record = await place.keep(tarOf(usual));
    const key = `${prefix}c.index.json`;
    const text = place.store.objects.get(key)?.toString() ?? "";
    place.store.objects.set(key, Buffer.from(text.replace("pages-1", "pages-2")));
    const failure = await failureOf(openContainerArchive({ store: place.store, prefix, record }));
    expect(failure.code).toBe("integrity");
  });

  it("is refused when index and tar differ, though the index's digest is right", async () => {
    await using place = await scratch();
    const record = await place.keep(tarOf(usual));
    const key = `${prefix}c.index.json`;
    const text = place.store.objects.get(key)?.toString() ?? "";
    const changed = Buffer.from(text.replace("checkpoint/pages-1", "checkpoint/pages-2"));
    place.store.objects.set(key, changed);
    const forged = { ...record, indexSha256: sha256(changed) };
    const folder = join(place.folder, "out");
    const failure = await failureOf(
      unpackContainerArchive({ store: place.store, prefix, record: forged, folder }),
    );
    expect(failure.message).toContain("does not describe its tar");
    await expect(stat(folder)).rejects.toThrow("ENOENT");
  });
});

describe("a hostile archive", () => {
  const file = { data: Buffer.from("x") };
  it.each<[string, readonly MadeEntry[]]>([
    ["a symbolic link", [{ name: "checkpoint/a", type: "2", link: "/etc/shadow" }]],
    ["a hard link", [{ name: "checkpoint/a", type: "1", link: "config.dump" }]],
    ["a device", [{ name: "checkpoint/a", type: "4" }]],
    ["a pipe", [{ name: "checkpoint/a", type: "6" }]],
    ["a parent folder", [{ name: "checkpoint/../../a", ...file }]],
    ["an absolute name", [{ name: "/etc/cron.d/a", ...file }]],
    ["an empty segment", [{ name: "checkpoint//a", ...file }]],
    [
      "a doubled name",
      [
        { name: "config.dump", ...file },
        { name: "config.dump", ...file },
      ],
    ],
    [
      "a file as a folder",
      [
        { name: "checkpoint", ...file },
        { name: "checkpoint/a", ...file },
      ],
    ],
    [
      "a folder as a file",
      [
        { name: "checkpoint/a/b", ...file },
        { name: "checkpoint/a", ...file },
      ],
    ],
    ["a control character", [{ name: "checkpoint/a\u001b[2J", ...file }]],
    ["great depth", [{ name: "checkpoint/a/b/c/d/e/f/g/h/i", ...file }]],
    ["a link beside what is wanted", [{ name: "container.log", type: "2", link: "/etc/shadow" }]],
  ])("with %s is refused and nothing is written", async (_, entries) => {
    await using place = await scratch();
    const record = await place.keep(tarOf(entries));
    const folder = join(place.folder, "out");
    const failure = await failureOf(
      unpackContainerArchive({ store: place.store, prefix, record, folder }),
    );
    expect(failure.code).toBe("refused");
    expect(failure.message).not.toContain("\u001b");
    await expect(stat(folder)).rejects.toThrow("ENOENT");
  });
});
