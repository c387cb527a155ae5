import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openHostLog, withoutSecrets } from "#bootstrap/nodes/host-log";
import { loggedAccess } from "#bootstrap/nodes/logged-access";
import { systemClock } from "#core/clock";
import { silent, type ReportEvent } from "#core/report";
import { scriptedNode } from "#test/fakes/scripted-node";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-log-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const path = () => join(folder, "logs", "lab-node-1.log");
const token = "abcdef.0123456789abcdef";

test("every command stands there with its status and its standard error, for its owner alone", async () => {
  const node = scriptedNode("lab-node-1", [
    [/kubeadm/, { status: 1, stdout: `token ${token}`, stderr: `refused\nwith ${token}` }],
  ]);
  const access = loggedAccess(node, openHostLog(folder, "lab-node-1", silent), systemClock);
  await access.run(["true"]);
  await access.run(["kubeadm", "join", "a b"], { allowFailure: true, stdin: "hidden" });
  await expect(access.run(["sh", "-c", "kubeadm\nx"])).rejects.toMatchObject({
    code: "remote-command",
  });
  await access.writeFile("/etc/x", "content", 0o600);
  await access.close();
  const text = await readFile(path(), "utf8");
  expect(text).toMatch(/^\d{4}-\S+Z true -> status 0, \d+ ms$/m);
  expect(text).toMatch(
    / kubeadm join 'a b' -> status 1, \d+ ms\n {4}refused\n {4}with \[redacted\]\n/,
  );
  expect(text).toMatch(/ sh -c 'kubeadm; x' -> failed: /);
  expect(text).toContain(" write /etc/x -> done");
  for (const secret of [token, "hidden", "content"]) expect(text).not.toContain(secret);
  expect((await stat(path())).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "logs"))).mode & 0o777).toBe(0o700);
});

test("of a long command beginning and end stand there: arguments come last", async () => {
  const log = openHostLog(folder, "lab-node-1", silent);
  const access = loggedAccess(scriptedNode("lab-node-1", []), log, systemClock);
  await access.run(["sh", "-c", `first; ${"x; ".repeat(2000)}`, "sh", "upgrade", "apply", "--yes"]);
  await access.close();
  const text = await readFile(path(), "utf8");
  expect(text).toMatch(
    /Z sh -c 'first; x; .* … .*x; ' sh upgrade apply --yes -> status 0, \d+ ms\n/,
  );
  expect(text.length).toBeLessThan(600);
});

test("the size is bounded: one older file stays", async () => {
  const log = openHostLog(folder, "lab-node-1", silent);
  for (let index = 0; index < 60; index += 1) log.write("x".repeat(50_000));
  await log.flush();
  expect(await readdir(join(folder, "logs"))).toEqual(["lab-node-1.log", "lab-node-1.log.1"]);
  expect((await stat(path())).size).toBeLessThan(1_200_000);
});

test("a log that cannot be written is told once and stops nothing", async () => {
  await writeFile(join(folder, "logs"), "a file");
  const events: ReportEvent[] = [];
  const log = openHostLog(folder, "lab-node-1", (event) => events.push(event));
  log.write("one");
  log.write("two");
  await log.flush();
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ type: "note", level: "warn", host: "lab-node-1" });
});

test.each([
  [`--token ${token} x`, token],
  [`certificateKey: "${"a1".repeat(32)}"`, "a1a1"],
  ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"],
  ["password=hunter22 next", "hunter22"],
  ['"client-key-data": "Zm9vYmFy"', "Zm9vYmFy"],
  ["Authorization: Bearer abc.def", "abc.def"],
])("%j is written without its secret", (text, secret) => {
  expect(withoutSecrets(text)).not.toContain(secret);
  expect(withoutSecrets(text)).toContain("[redacted]");
});

test("digests are no secrets", () => {
  const text = `sha256:${"a1".repeat(32)}`;
  expect(withoutSecrets(text)).toBe(text);
});
