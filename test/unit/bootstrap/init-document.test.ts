import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { initDocument } from "#bootstrap/init-document";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-init-"));
});
afterAll(() => rm(folder, { recursive: true }));

const request = (file: string, force = false) => ({
  ...{ name: "dev", provider: "local", schema: "/schema.json", file, force },
});

test("a document is written once and replaced by force only", async () => {
  const file = join(folder, "cluster.yaml");
  const text = await initDocument(request(file));
  expect(await readFile(file, "utf8")).toBe(text);
  await writeFile(file, "mine");
  await expect(initDocument(request(file))).rejects.toMatchObject({ code: "exists" });
  expect(await readFile(file, "utf8")).toBe("mine");
  await initDocument(request(file, true));
  expect(await readFile(file, "utf8")).toBe(text);
});

test("nothing is written for standard output", async () => {
  expect(await initDocument(request("-"))).toContain("name: dev");
});

test("an unknown provider and a folder that is not there are told", async () => {
  await expect(initDocument({ ...request("-"), provider: "moon" })).rejects.toMatchObject({
    message: expect.stringContaining('"moon"') as string,
  });
  await expect(initDocument(request(join(folder, "none/x.yaml")))).rejects.toMatchObject({
    code: "usage",
  });
});
