import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applyCapture } from "#checkpoint/handler/apply-capture";
import { opaque, whiteout, writeTar, type TestEntry } from "#test/integration/handler/capture-tar";

let home: string;
let root: string;
const at = (path: string) => join(root, path);
const text = (path: string) => readFileSync(at(path), "utf8");

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "clouder-capture-"));
  root = join(home, "rootfs");
  mkdirSync(at("work/deep"), { recursive: true });
  mkdirSync(join(home, "outside"));
  writeFileSync(join(home, "outside/secret"), "untouched");
  for (const name of ["keep", "modify", "remove", "deep/old"])
    writeFileSync(at(`work/${name}`), name);
  symlinkSync(join(home, "outside"), at("work/link"));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

async function apply(
  kind: "overlay" | "oci",
  entries: readonly TestEntry[],
  devicesAllowed = false,
) {
  const path = join(home, kind === "oci" ? "diff.tar.gz" : "upper.tar");
  await writeTar(path, entries);
  await applyCapture({ path, kind }, root, { devicesAllowed });
}
const folder = (name: string, more: Partial<TestEntry> = {}): TestEntry => ({
  name,
  type: "directory",
  mode: 0o755,
  ...more,
});

describe("bringing back a writable layer", () => {
  it("applies an overlay's files, whiteouts and opaque folders", async () => {
    await apply("overlay", [
      folder("./"),
      folder("./work/"),
      {
        name: "./work/modify",
        body: "changed",
        mode: 0o640,
        uid: 1000,
        gid: 1001,
        mtime: new Date(1e12),
      },
      { name: "./work/remove", ...whiteout },
      folder("./work/deep/", opaque),
      { name: "./work/deep/new", body: "new" },
    ]);
    expect(readdirSync(at("work")).sort()).toEqual(["deep", "keep", "link", "modify"]);
    expect(readdirSync(at("work/deep"))).toEqual(["new"]);
    expect(text("work/modify")).toBe("changed");
    expect(statSync(at("work/modify"))).toMatchObject({
      mode: 0o100640,
      uid: 1000,
      gid: 1001,
      mtimeMs: 1e12,
    });
  });

  it("applies containerd's gzip diff with OCI whiteouts", async () => {
    await apply("oci", [
      folder("work/"),
      { name: "work/.wh.remove", body: "" },
      folder("work/deep/"),
      { name: "work/deep/.wh..wh..opq", body: "" },
      { name: "work/deep/new", body: "new" },
    ]);
    expect(existsSync(at("work/remove"))).toBe(false);
    expect(readdirSync(at("work/deep"))).toEqual(["new"]);
  });

  it("brings back links, pipes, large ids and user attributes", async () => {
    await apply("overlay", [
      folder("./work/"),
      {
        name: "./work/a",
        body: "a",
        uid: 1000680000,
        gid: 1000680000,
        pax: {
          uid: "1000680000",
          gid: "1000680000",
          mtime: "1700000000.5",
          "SCHILY.xattr.user.note": "héllo",
        },
      },
      { name: "./work/b", type: "link", linkname: "./work/a" },
      { name: "./work/kept", type: "link", linkname: "./work/keep" },
      { name: "./work/s", type: "symlink", linkname: "/etc/passwd" },
      { name: "./work/p", type: "fifo" },
    ]);
    expect(lstatSync(at("work/a"))).toMatchObject({
      uid: 1000680000,
      gid: 1000680000,
      nlink: 2,
      mtimeMs: 1700000000500,
    });
    expect(lstatSync(at("work/keep")).nlink).toBe(2);
    expect(readlinkSync(at("work/s"))).toBe("/etc/passwd");
    expect(lstatSync(at("work/p")).isFIFO()).toBe(true);
  });

  it("lets a folder take the place of a file or link, and the other way round", async () => {
    await apply("overlay", [
      folder("./work/"),
      folder("./work/keep/"),
      { name: "./work/keep/in", body: "in" },
      folder("./work/link/"),
      { name: "./work/link/in", body: "in" },
      { name: "./work/deep", body: "a file now" },
    ]);
    expect([text("work/keep/in"), text("work/link/in"), text("work/deep")]).toEqual([
      "in",
      "in",
      "a file now",
    ]);
    expect(readdirSync(join(home, "outside"))).toEqual(["secret"]);
  });

  it.each<[string, TestEntry[], string]>([
    ["a path upwards", [{ name: "work/../../outside/x" }], "plain relative path"],
    ["an absolute path", [{ name: "/etc/x" }], "plain relative path"],
    [
      "a path through a link of the image",
      [{ name: "work/link/secret", body: "x" }],
      "is no folder",
    ],
    [
      "a path through a link of its own",
      [
        { name: "l", type: "symlink", linkname: "/etc" },
        { name: "l/passwd", body: "x" },
      ],
      "no folder",
    ],
    ["a deletion through a link", [{ name: "work/link/secret", ...whiteout }], "is no folder"],
    [
      "a hard link to something outside",
      [{ name: "h", type: "link", linkname: "work/link/secret" }],
      "is no folder",
    ],
    ["a hard link to nothing", [{ name: "h", type: "link", linkname: "work/none" }], "hard link"],
    [
      "a hard link upwards",
      [{ name: "h", type: "link", linkname: "../outside/secret" }],
      "plain relative path",
    ],
    ["a device", [{ name: "sda", type: "block-device", devmajor: 8, devminor: 0 }], "CAP_MKNOD"],
    [
      "the same file twice",
      [
        { name: "f", body: "1" },
        { name: "f", body: "2" },
      ],
      "twice",
    ],
    [
      "a folder that becomes a link on the way",
      [folder("d/"), { name: "d", type: "symlink", linkname: "/etc" }],
      "twice",
    ],
    [
      "a moved folder of overlayfs",
      [folder("d/", { pax: { "SCHILY.xattr.trusted.overlay.redirect": "/old" } })],
      "redirect",
    ],
    ["the deletion of everything", [{ name: "./", ...whiteout }], "whole root"],
  ])("refuses %s and changes nothing", async (_, entries, reason) => {
    const before = execFileSync("find", [home, "-not", "-name", "upper.tar"], { encoding: "utf8" });
    await expect(
      apply("overlay", [folder("work/"), { name: "work/remove", ...whiteout }, ...entries]),
    ).rejects.toThrow(reason);
    expect(execFileSync("find", [home, "-not", "-name", "upper.tar"], { encoding: "utf8" })).toBe(
      before,
    );
    expect(readFileSync(join(home, "outside/secret"), "utf8")).toBe("untouched");
  });

  it("refuses OCI deletions that are none", async () => {
    await expect(
      apply("oci", [{ name: "work/.wh..." }, { name: "work/.wh...", body: "" }]),
    ).rejects.toThrow();
    await expect(apply("oci", [{ name: "work/link/.wh..wh..opq", body: "" }])).rejects.toThrow(
      "is no folder",
    );
    expect(readdirSync(join(home, "outside"))).toEqual(["secret"]);
  });

  it("writes devices where the pod may make them", async () => {
    await apply(
      "overlay",
      [{ name: "null", type: "character-device", devmajor: 1, devminor: 3, mode: 0o666 }],
      true,
    );
    expect(lstatSync(at("null"))).toMatchObject({ rdev: (1 << 8) + 3 });
  });

  it("refuses a damaged capture as such", async () => {
    const path = join(home, "upper.tar");
    writeFileSync(path, Buffer.alloc(2048, 7));
    await expect(
      applyCapture({ path, kind: "overlay" }, root, { devicesAllowed: false }),
    ).rejects.toMatchObject({ code: "integrity" });
  });

  it("takes what the shim's own tar makes of a writable layer", async () => {
    const upper = join(home, "upper");
    mkdirSync(join(upper, "work/deep"), { recursive: true });
    writeFileSync(join(upper, "work/modify"), "changed");
    writeFileSync(join(upper, `work/${"long".repeat(50)}`), "long");
    writeFileSync(join(upper, "work/closed"), "x", { mode: 0 });
    execFileSync("mknod", [join(upper, "work/remove"), "c", "0", "0"]);
    const path = join(home, "upper.tar");
    execFileSync("tar", [
      "--xattrs",
      "--xattrs-include=*",
      "--acls",
      "--numeric-owner",
      "--format=pax",
      "-C",
      upper,
      "-cf",
      path,
      ".",
    ]);
    await applyCapture({ path, kind: "overlay" }, root, { devicesAllowed: false });
    expect(readdirSync(at("work")).sort()).toEqual([
      "closed",
      "deep",
      "keep",
      "link",
      "long".repeat(50),
      "modify",
    ]);
    expect(readdirSync(at("work/deep"))).toEqual(["old"]);
    expect(statSync(at("work/closed")).mode).toBe(0o100000);
  });
});
