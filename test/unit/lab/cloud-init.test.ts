import { execFile } from "node:child_process";
import { mkdtemp, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { applyUserData } from "#test/lab/cloud-init";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "cloud-init-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it("writes files, and lets the first boot run the commands, word by word", async () => {
  const script = `touch '${root}/it'\\''s done'`;
  await applyUserData(
    root,
    [
      "#cloud-config",
      "write_files:",
      "  - path: /etc/motd",
      "    permissions: '0600'",
      "    content: |",
      "      hello",
      "runcmd:",
      `  - [sh, -ec, ${JSON.stringify(script)}]`,
      "",
    ].join("\n"),
  );
  expect(await readFile(join(root, "etc/motd"), "utf8")).toBe("hello\n");
  expect((await stat(join(root, "etc/motd"))).mode & 0o777).toBe(0o600);
  const wanted = "etc/systemd/system/multi-user.target.wants/cloud-final.service";
  expect(await readlink(join(root, wanted))).toBe("../cloud-final.service");
  await promisify(execFile)(join(root, "var/lib/cloud/runcmd"));
  expect((await stat(join(root, "it's done"))).isFile()).toBe(true);
});

it.each([
  ["a shell script", "#!/bin/sh\n", "no cloud-config"],
  ["a module that it lacks", "#cloud-config\npackages: [curl]\n", "lacks packages"],
  [
    "a field of a file",
    "#cloud-config\nwrite_files: [{ path: /a, content: b, owner: c }]\n",
    "lacks owner",
  ],
])("refuses %s", async (_what, userData, told) => {
  await expect(applyUserData(root, userData)).rejects.toThrow(told);
});
