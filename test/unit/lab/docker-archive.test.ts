import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sha256Of, writeDockerArchive } from "#test/lab/docker-archive";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lab-image-"));
  await mkdir(join(folder, "root"));
  await writeFile(join(folder, "root/hello"), "hello");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const image = { names: ["registry.example/a:1"], entrypoint: ["/hello"] };

it("writes an image whose digests are those of its layer and configuration", async () => {
  const file = join(folder, "a.tar");
  await writeDockerArchive(join(folder, "root"), file, image);
  await mkdir(join(folder, "out"));
  execFileSync("tar", ["-xf", file, "-C", join(folder, "out")]);
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, "out", name), "utf8"));
  const [entry] = (await read("manifest.json")) as [
    { Config: string; RepoTags: string[]; Layers: [string] },
  ];
  expect(entry.RepoTags).toEqual(["registry.example/a:1"]);
  const layer = await sha256Of(join(folder, "out", entry.Layers[0]));
  expect(`${await sha256Of(join(folder, "out", entry.Config))}.json`).toBe(entry.Config);
  expect(await read(entry.Config)).toMatchObject({
    config: { Entrypoint: ["/hello"] },
    rootfs: { diff_ids: [`sha256:${layer}`] },
  });
});

it("the same content gives the same bytes, whatever the time", async () => {
  const files = [join(folder, "a.tar"), join(folder, "b.tar")] as const;
  await writeDockerArchive(join(folder, "root"), files[0], image);
  await utimes(join(folder, "root/hello"), new Date(1000), new Date(1000));
  await writeDockerArchive(join(folder, "root"), files[1], image);
  expect(await sha256Of(files[1])).toBe(await sha256Of(files[0]));
});
