import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureBlock, ensureFiles, withBlock } from "#bootstrap/nodes/ensure-files";
import { localAccess } from "#bootstrap/nodes/local";
import { readStamp } from "#bootstrap/nodes/stamp";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-files-"));
});
afterAll(() => rm(folder, { recursive: true }));
const here = () => localAccess.connect("here", { access: "local" });

test("writes only files whose content differs", async () => {
  const access = await here();
  const files = [
    { path: join(folder, "a"), content: "one\n" },
    { path: join(folder, "b"), content: "two\n", mode: 0o600 },
  ];
  expect(await ensureFiles(access, files)).toEqual(files.map(({ path }) => path));
  expect(await ensureFiles(access, files)).toEqual([]);
  const before = (await stat(join(folder, "a"))).ino;
  await writeFile(join(folder, "b"), "changed by hand\n");
  expect(await ensureFiles(access, files)).toEqual([join(folder, "b")]);
  expect((await stat(join(folder, "a"))).ino).toBe(before);
  expect((await stat(join(folder, "b"))).mode & 0o777).toBe(0o600);
});

test("keeps what others wrote around our block, and removes the block without a trace", async () => {
  const access = await here();
  const path = join(folder, "hosts");
  await writeFile(path, "127.0.0.1 localhost\n");
  expect(await ensureBlock(access, path, ["10.0.0.1 a"])).toBe(true);
  expect(await ensureBlock(access, path, ["10.0.0.1 a"])).toBe(false);
  await writeFile(path, `${await readFile(path, "utf8")}10.9.9.9 mine\n`);
  expect(await ensureBlock(access, path, ["10.0.0.1 a", "10.0.0.2 b"])).toBe(true);
  expect(await readFile(path, "utf8")).toContain("10.9.9.9 mine\n");
  expect(await ensureBlock(access, path, [])).toBe(true);
  expect(await readFile(path, "utf8")).toBe("127.0.0.1 localhost\n10.9.9.9 mine\n");
});

test("adds a block to a file without a final newline", () => {
  expect(withBlock("a", ["x"])).toBe("a\n# clouder: begin\nx\n# clouder: end\n");
});

test("takes an absent stamp for an empty one", async () => {
  expect(await readStamp(await here(), "no-such-stamp")).toEqual({});
});
