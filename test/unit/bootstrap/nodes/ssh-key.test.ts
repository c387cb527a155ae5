import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2 from "ssh2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { privateKey } from "#bootstrap/nodes/ssh-key";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-key-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function keyOf(mode: number): Promise<string> {
  const file = join(folder, mode.toString(8));
  await writeFile(file, ssh2.utils.generateKeyPairSync("ed25519").private, { mode: 0o600 });
  await chmod(file, mode);
  return file;
}

test.each([0o600, 0o400])("a key that its owner alone can read (%i) is used", async (mode) => {
  expect((await privateKey(await keyOf(mode), undefined)).isPrivateKey()).toBe(true);
});

test.each([0o644, 0o640, 0o604])("a key that others can read (%i) is refused", async (mode) => {
  const file = await keyOf(mode);
  await expect(privateKey(file, undefined)).rejects.toMatchObject({
    code: "config",
    message: `others can read the SSH key ${file} (mode 0${mode.toString(8)})`,
    hint: `chmod 600 ${file}`,
  });
});
