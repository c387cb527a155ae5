import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { cacheFolder, ensurePart, folderOf, type CachedPart } from "#test/lab/cache";
import { progressOf } from "#test/lab/progress";

let cache: string;
let builds: number;
let lines: string[];
const progress = () => progressOf(1, (line) => lines.push(line));

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "lab-cache-"));
  builds = 0;
  lines = [];
});
afterEach(() => rm(cache, { recursive: true, force: true }));

function part(more: Partial<CachedPart> = {}): CachedPart {
  return {
    name: "thing",
    title: "thing 1",
    expected: "a moment",
    inputs: ["1"],
    recipe: [],
    build: async (folder) => {
      builds += 1;
      await writeFile(join(folder, "done"), "");
    },
    ...more,
  };
}

it("builds a part once and takes it from the cache afterwards", async () => {
  const first = await ensurePart(part(), progress(), cache);
  const second = await ensurePart(part(), progress(), cache);
  expect(second).toBe(first);
  expect(builds).toBe(1);
  expect(existsSync(join(first, "done"))).toBe(true);
  expect(lines.at(0)).toBe("[1/1] thing 1: building (a moment when cold)");
  expect(lines.at(-1)).toBe("[1/1] thing 1: cached");
});

it("gives other inputs and another recipe text another folder", async () => {
  const recipe = join(cache, "recipe.ts");
  await writeFile(recipe, "one");
  const folders = [await folderOf(part(), cache), await folderOf(part({ inputs: ["2"] }), cache)];
  folders.push(await folderOf(part({ recipe: [recipe] }), cache));
  await writeFile(recipe, "two");
  folders.push(await folderOf(part({ recipe: [recipe] }), cache));
  expect(new Set(folders).size).toBe(4);
});

it("leaves nothing usable of a failed build and builds again next time", async () => {
  const failing = part({
    build: async (folder) => {
      await writeFile(join(folder, "half"), "");
      throw new Error("no space");
    },
  });
  await expect(ensurePart(failing, progress(), cache)).rejects.toThrow("no space");
  expect(existsSync(await folderOf(failing, cache))).toBe(false);
  const folder = await ensurePart(part(), progress(), cache);
  expect(await readdir(folder)).toEqual(["done"]);
  expect((await readdir(cache)).filter((name) => name.startsWith("temporary-"))).toEqual([]);
});

it("two builders at once build once", async () => {
  const slow = part({
    build: async (folder) => {
      builds += 1;
      await new Promise((resolve) => setTimeout(resolve, 200));
      await writeFile(join(folder, "done"), "");
    },
  });
  const folders = await Promise.all([
    ensurePart(slow, progress(), cache),
    ensurePart(slow, progress(), cache),
  ]);
  expect(folders[0]).toBe(folders[1]);
  expect(builds).toBe(1);
  expect(lines.filter((line) => line.endsWith("cached"))).toHaveLength(1);
});

it("a builder that is killed leaves no lock, and its half-built folder is removed", async () => {
  const program = `
    import { ensurePart } from ${JSON.stringify(join(import.meta.dirname, "../../lab/cache.ts"))};
    const silent = { cached() {}, note() {}, building: (_title, _expected, work) => work() };
    await ensurePart({ name: "thing", title: "", expected: "", inputs: ["1"], recipe: [], build: async () => {
      console.log("building");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    } }, silent, ${JSON.stringify(cache)});`;
  const builder = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(builder.stdout, "data");
  builder.kill("SIGKILL");
  await once(builder, "close");
  expect((await readdir(cache)).some((name) => name.startsWith("temporary-"))).toBe(true);

  await ensurePart(part(), progress(), cache);
  expect(builds).toBe(1);
  expect((await readdir(cache)).filter((name) => name.startsWith("temporary-"))).toEqual([]);
});

it("removes parts that nobody used for ten days when something is built", async () => {
  const days = 24 * 3600 * 1000;
  for (const [name, age] of [
    ["old-part", 11 * days],
    ["young-part", 9 * days],
  ] as const) {
    await mkdir(join(cache, name));
    const used = new Date(Date.now() - age);
    await utimes(join(cache, name), used, used);
  }
  await ensurePart(part(), progress(), cache);
  const names = await readdir(cache);
  expect(names).toContain("young-part");
  expect(names).not.toContain("old-part");
});

it("lies under XDG_CACHE_HOME when that is set", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: "/somewhere" })).toBe("/somewhere/kubectl-clouder/lab");
  expect(cacheFolder({})).toMatch(/\/\.cache\/kubectl-clouder\/lab$/);
});
