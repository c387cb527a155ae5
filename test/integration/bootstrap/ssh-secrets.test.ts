import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createCluster } from "#bootstrap/create-cluster";
import type { AskSecret } from "#bootstrap/nodes/ask-secret";
import { ClouderError } from "#core/error";
import type { ReportEvent } from "#core/report";
import { createSshWorld, type SshWorld } from "#test/fakes/ssh-world";

/** Keys with a passphrase and users whose sudo wants a password, by servers of ssh2 in this process. */

const passphrase = "a phrase for the key";
const sudoPassword = "a word for sudo";
const events: ReportEvent[] = [];

function create({ request }: SshWorld, askSecret?: AskSecret) {
  const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
  return createCluster(request, { report: (event) => events.push(event), clock, askSecret });
}

async function textsBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((one) => one.isFile());
  return (
    await Promise.all(files.map((one) => readFile(join(one.parentPath, one.name), "latin1")))
  ).join();
}

it("a key with a passphrase and sudo with a password make a cluster, and neither is kept or shown (D1)", async () => {
  await using world = await createSshWorld({ hosts: 3, passphrase, sudoPassword });
  const asked: string[] = [];
  const ask: AskSecret = (kind, about) => {
    asked.push(`${kind} ${about}`);
    return Promise.resolve(kind === "key-passphrase" ? passphrase : sudoPassword);
  };
  expect(await create(world, ask)).toMatchObject({ changed: true, complete: true });
  expect(await create(world, ask)).toMatchObject({ changed: false });
  expect(asked).toContain(`key-passphrase ${world.request.home}/key`);
  expect(asked).toContain("sudo-password ops on fleet-master");
  const seen = [
    world.fleet.commands.flat().join(),
    JSON.stringify(events),
    await textsBelow(world.request.home),
  ].join();
  expect(seen).not.toContain(passphrase);
  expect(seen).not.toContain(sudoPassword);
});

it("what is wanted and cannot be asked for is told, with the flag that brings it", async () => {
  await using locked = await createSshWorld({ hosts: 1, passphrase });
  await expect(create(locked)).rejects.toMatchObject({
    code: "unauthenticated",
    message: expect.stringContaining("has a passphrase") as string,
    hint: expect.stringContaining("--key-passphrase-stdin") as string,
  });
  await using guarded = await createSshWorld({ hosts: 1, sudoPassword });
  const nobody = () => Promise.reject(new ClouderError("unauthenticated", "no terminal"));
  for (const ask of [undefined, nobody]) {
    await expect(create(guarded, ask)).rejects.toMatchObject({
      code: "denied",
      message: expect.stringContaining("sudo on fleet-master refuses") as string,
      hint: expect.stringMatching(/--sudo-password-stdin.*NOPASSWD/) as string,
    });
  }
});

it("a file that is no private key is told as such, and nobody is contacted", async () => {
  await using world = await createSshWorld({ hosts: 1 });
  await writeFile(join(world.request.home, "key"), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me\n");
  await expect(create(world)).rejects.toMatchObject({
    code: "config",
    message: expect.stringMatching(/the SSH key .*\/key cannot be used/) as string,
    hint: expect.stringContaining("--key") as string,
  });
  expect(world.fleet.counts.mostConnections).toBe(0);
});

it("a wrong passphrase and a wrong password are told apart", async () => {
  await using world = await createSshWorld({ hosts: 1, passphrase, sudoPassword });
  await expect(create(world, () => Promise.resolve("wrong"))).rejects.toMatchObject({
    code: "unauthenticated",
    message: expect.stringContaining("not the passphrase") as string,
  });
  const half: AskSecret = (kind) =>
    Promise.resolve(kind === "key-passphrase" ? passphrase : "wrong");
  await expect(create(world, half)).rejects.toMatchObject({
    code: "unauthenticated",
    message: expect.stringContaining("sudo on fleet-master does not take this password") as string,
  });
  expect(world.fleet.counts.connections).toBe(0);
});
