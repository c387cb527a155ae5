import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildImage } from "#checkpoint/install/image";
import { imageContents } from "#checkpoint/install/image/contents";
import { librariesIn, libraryNamed, pathOf } from "#checkpoint/install/image/shared-libraries";

const run = promisify(execFile);
const agent = "dist/checkpoint/agent/main.js";
const controller = "dist/checkpoint/controller/main.js";
const webhook = "dist/webhook/server/main.js";
const injection = "dist/webhook/controller/main.js";
let folder = "";
let root = "";

/** A built package in small; its Node.js is /bin/true. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-image-"));
  root = join(folder, "package");
  const imports = (...paths: string[]) => ({ imports: paths.map((path) => ({ path })) });
  const outputs = {
    [agent]: imports("dist/chunks/a.js"),
    "dist/chunks/a.js": imports("dist/chunks/lazy.js"),
    "dist/chunks/lazy.js": { imports: [{ path: "node:fs", external: true }] },
    [controller]: imports(),
    [webhook]: imports("dist/chunks/a.js"),
    [injection]: imports(),
    "dist/plugin/commands/install.js": imports("dist/chunks/cli.js"),
    "dist/chunks/cli.js": imports(),
  };
  const files = {
    "package.json": JSON.stringify({ name: "kubectl-clouder", version: "9.9.9", scripts: {} }),
    "dist/metafile.json": JSON.stringify({ outputs }),
    "dist/restore-helper.mjs": "helper",
    "checkpoint/handler/clouder-runc": "#!/bin/sh",
    ...Object.fromEntries(Object.keys(outputs).map((path) => [path, path])),
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
});

afterAll(() => rm(folder, { recursive: true }));

const build = (file: string) =>
  buildImage({
    root,
    node: "/bin/true",
    version: "9.9.9",
    architecture: "x64",
    file: join(folder, file),
  });

it("holds the four programs with every chunk they load, at once or later, and no command", async () => {
  const paths = (await imageContents({ root, node: "/bin/true" })).map(({ path }) => path);
  expect(paths).toEqual([...paths].sort());
  expect(paths).toEqual(
    expect.arrayContaining([
      `app/${agent}`,
      `app/${controller}`,
      "app/dist/chunks/a.js",
      "app/dist/chunks/lazy.js",
      "app/dist/restore-helper.mjs",
      "app/checkpoint/handler/clouder-runc",
      "usr/local/bin/node",
      "usr/local/bin/clouder-agent",
      "usr/local/bin/clouder-controller",
      "usr/local/bin/clouder-injection-controller",
      "usr/local/bin/clouder-webhook",
      "tmp",
    ]),
  );
  expect(paths.filter((path) => /cli|commands/.test(path))).toEqual([]);
});

it("is a docker archive whose digests are right and whose bytes are the same each time", async () => {
  const one = await build("one.tar");
  const two = await build("two.tar");
  expect(one.name).toBe("docker.io/clouder/kubectl-clouder:9.9.9");
  expect(await readFile(join(folder, "one.tar"))).toEqual(await readFile(join(folder, "two.tar")));
  expect(one).toEqual(two);
  await mkdir(join(folder, "out"));
  await run("tar", ["-xf", join(folder, "one.tar"), "-C", join(folder, "out")]);
  const read = async (name: string) => readFile(join(folder, "out", name));
  const manifest = JSON.parse((await read("manifest.json")).toString()) as readonly [
    {
      readonly Config: string;
      readonly RepoTags: readonly string[];
      readonly Layers: readonly [string];
    },
  ];
  expect(manifest[0].RepoTags).toEqual([one.name]);
  const layer = manifest[0].Layers[0];
  const { stdout } = await run("sha256sum", [join(folder, "out", layer)]);
  expect(stdout.split(" ")[0]).toBe(one.layerDigest);
  const config = JSON.parse((await read(manifest[0].Config)).toString()) as object;
  expect(config).toMatchObject({
    architecture: "amd64",
    os: "linux",
    rootfs: { diff_ids: [`sha256:${one.layerDigest}`] },
  });
  const listed = (await run("tar", ["-tvf", join(folder, "out", layer), "--numeric-owner"])).stdout;
  const lines = listed.trim().split("\n");
  expect(lines.every((line) => line.includes(" 0/0 ") && line.includes("1970-01-01"))).toBe(true);
  expect(lines.find((line) => line.endsWith(" tmp/"))).toMatch(/^drwxrwxrwt/);
  expect(lines.find((line) => line.endsWith("bin/clouder-agent"))).toMatch(/^-rwxr-xr-x/);
});

it("says what to do when nothing was built", async () => {
  await expect(imageContents({ root: folder, node: "/bin/true" })).rejects.toMatchObject({
    code: "not-found",
    hint: "npm run build",
  });
});

it("takes the allocator along, at the place where its loader looks for it", async () => {
  const allocator = { path: "/lib/x86_64-linux-gnu/libjemalloc.so.2", from: "/bin/true" };
  const entries = await imageContents({ root, node: "/bin/true", allocator });
  expect(entries.find(({ path }) => path.endsWith("libjemalloc.so.2"))).toEqual({
    ...{ kind: "file", path: "lib/x86_64-linux-gnu/libjemalloc.so.2", mode: 0o755 },
    from: "/bin/true",
  });
});

it("finds a library of this machine's kind in what ldconfig prints", async () => {
  const listed = [
    "1234 libs found in cache `/etc/ld.so.cache'",
    "\tlibjemalloc.so.2 (libc6) => /lib/i386-linux-gnu/libjemalloc.so.2",
    "\tlibjemalloc.so.2 (libc6,x86-64) => /lib/x86_64-linux-gnu/libjemalloc.so.2",
    "\tlibm.so.6 (libc6,x86-64, OS ABI: Linux 3.2.0) => /lib/x86_64-linux-gnu/libm.so.6",
  ].join("\n");
  expect(pathOf("libjemalloc.so.2", listed)).toBe("/lib/x86_64-linux-gnu/libjemalloc.so.2");
  expect(pathOf("libm.so.6", listed)).toBe("/lib/x86_64-linux-gnu/libm.so.6");
  expect(pathOf("libx.so", listed)).toBeUndefined();
  expect(await libraryNamed("libc.so.6", "")).toMatchObject({
    path: expect.stringMatching(/libc\.so\.6$/) as string,
  });
  await expect(libraryNamed("libnowhere.so.1", "install it")).rejects.toMatchObject({
    ...{ code: "not-found", hint: "install it" },
  });
});

it("is not built for an architecture that nothing here can run", async () => {
  const request = { root, node: "/bin/true", version: "1", architecture: "mips", file: "x" };
  await expect(buildImage(request)).rejects.toMatchObject({ code: "unsupported" });
});

it("finds the loader and the libraries in what ldd prints", () => {
  const listed = [
    "\tlinux-vdso.so.1 (0x00007faa833ae000)",
    "\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007faa83398000)",
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007faa833b0000)",
  ];
  expect(librariesIn(listed.join("\n"))).toEqual([
    "/lib/x86_64-linux-gnu/libdl.so.2",
    "/lib64/ld-linux-x86-64.so.2",
  ]);
  expect(() => librariesIn("\tlibx.so => not found")).toThrow(/libx\.so is missing/);
});
