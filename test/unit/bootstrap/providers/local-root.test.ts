import { expect, test } from "vitest";
import { rootArchive } from "#bootstrap/providers/local/root-archive";

test("packages of repositories bring no root file system for machines; the cure names the setting", async () => {
  await expect(rootArchive({ kind: "online" }, { binds: [] })).rejects.toMatchObject({
    code: "config",
    message: "online packages have no root file system for machines",
    hint: expect.stringContaining("spec.provider.settings.root") as string,
  });
});

test("a root file system that is not there is told before anything is made", async () => {
  const settings = { binds: [], root: "/nonexistent/root.tar" };
  await expect(rootArchive({ kind: "online" }, settings)).rejects.toMatchObject({
    code: "config",
    message: "cannot read spec.provider.settings.root /nonexistent/root.tar",
  });
});
