import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  installHandler,
  isHandlerInstalled,
  type HandlerParts,
} from "#checkpoint/agent/install-handler";

describe("the installation of the handler on a node", () => {
  let folder: string;
  let parts: HandlerParts;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "clouder-install-"));
    const from = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    parts = {
      root: join(folder, "opt"),
      shim: await from("shim", "#!/bin/sh\n"),
      node: await from("node-binary", "node"),
      restoreHelper: await from("helper", "helper"),
    };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("brings the three parts with their modes and a stamp", async () => {
    expect(await isHandlerInstalled(parts)).toBe(false);
    expect(await installHandler(parts)).toBe(true);
    expect(await isHandlerInstalled(parts)).toBe(true);
    expect((await readdir(join(parts.root, "bin"))).sort()).toEqual(["clouder-runc", "node"]);
    const mode = async (path: string) => (await stat(join(parts.root, path))).mode & 0o777;
    expect(await mode("bin/clouder-runc")).toBe(0o755);
    expect(await mode("bin/node")).toBe(0o755);
    expect(await mode("lib/restore-helper.mjs")).toBe(0o644);
  });

  it("changes nothing when it is there already, and mends what is missing", async () => {
    await installHandler(parts);
    const before = await stat(join(parts.root, "bin/node"));
    expect(await installHandler(parts)).toBe(false);
    expect((await stat(join(parts.root, "bin/node"))).ino).toBe(before.ino);
    await rm(join(parts.root, "lib/restore-helper.mjs"));
    expect(await isHandlerInstalled(parts)).toBe(false);
    expect(await installHandler(parts)).toBe(true);
  });

  it("replaces files by rename, so that an open one stays what it was", async () => {
    await installHandler(parts);
    const running = await open(join(parts.root, "bin/clouder-runc"));
    const newer = join(folder, "newer");
    await writeFile(newer, "#!/bin/sh\n# newer\n");
    expect(await installHandler({ ...parts, shim: newer })).toBe(true);
    expect(await running.readFile("utf8")).toBe("#!/bin/sh\n");
    await running.close();
    expect(await readFile(join(parts.root, "bin/clouder-runc"), "utf8")).toContain("newer");
  });
});
