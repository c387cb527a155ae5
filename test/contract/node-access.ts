import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NodeAccess } from "#bootstrap/nodes/node-access";

/** The law of NodeAccess; the machine behind it is this one, so that results can be looked at. */
export function describeNodeAccess(name: string, make: () => Promise<NodeAccess>): void {
  describe(`node access: ${name}`, () => {
    let access: NodeAccess;
    let folder: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "clouder-node-"));
      access = await make();
    });

    afterAll(async () => {
      await access.close();
      await rm(folder, { recursive: true, force: true });
    });

    test("gives status, stdout and stderr apart", async () => {
      const argv = ["sh", "-c", "echo out; echo err >&2; exit 3"];
      const result = await access.run(argv, { allowFailure: true });
      expect(result).toEqual({ status: 3, stdout: "out\n", stderr: "err\n" });
    });

    test("runs as root", async () => {
      expect((await access.run(["id", "-u"])).stdout.trim()).toBe("0");
    });

    test.each(["plain", "two words", "it's", '"$HOME" `id` \\', "a\nb", "*", "", "-n", "ü €"])(
      "passes the argument %j as it is",
      async (argument) => {
        const { stdout } = await access.run(["printf", "%s|", "x", argument]);
        expect(stdout).toBe(`x|${argument}|`);
      },
    );

    test("rejects a failed command with its host, status and last words", async () => {
      const argv = ["sh", "-c", "echo first >&2; echo the reason >&2; exit 7"];
      await expect(access.run(argv)).rejects.toMatchObject({
        code: "remote-command",
        message: expect.stringContaining("the reason") as string,
        details: { host: access.host, status: 7, output: ["first", "the reason"] },
      });
    });

    test("rejects a program that does not exist", async () => {
      await expect(access.run(["clouder-no-such-program"])).rejects.toMatchObject({
        code: "remote-command",
      });
    });

    test("D1 sends standard input and never shows it in the argument list", async () => {
      const { stdout } = await access.run(["sh", "-c", "cat; tr '\\0' ' ' < /proc/$$/cmdline"], {
        stdin: "a secret\n",
      });
      expect(stdout.split("\n")[0]).toBe("a secret");
      expect(stdout.split("\n")[1]).not.toContain("secret");
    });

    test("gives an empty standard input when nothing is sent", async () => {
      expect((await access.run(["cat"])).stdout).toBe("");
    });

    test("survives a command that does not read its input", async () => {
      const stdin = randomBytes(4 << 20);
      expect((await access.run(["true"], { stdin })).status).toBe(0);
    });

    test("tells lines while the command runs", async () => {
      const lines: string[] = [];
      await access.run(["sh", "-c", "printf 'one\\ntw'; sleep 0.1; printf 'o\\nthree'"], {
        onLine: (line) => lines.push(line),
      });
      expect(lines).toEqual(["one", "two", "three"]);
    });

    test("gives up a command that takes too long, at once", { timeout: 10_000 }, async () => {
      await expect(access.run(["sleep", "30"], { timeoutMs: 300 })).rejects.toMatchObject({
        code: "timeout",
      });
    });

    test("gives up a command that is cancelled, at once", { timeout: 10_000 }, async () => {
      const stop = new AbortController();
      setTimeout(() => {
        stop.abort();
      }, 200);
      await expect(access.run(["sleep", "30"], { signal: stop.signal })).rejects.toMatchObject({
        code: "cancelled",
      });
    });

    test("runs forty commands at once", async () => {
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, number) => access.run(["echo", String(number)])),
      );
      expect(results.map(({ stdout }) => Number(stdout))).toEqual(results.map((_, at) => at));
    });

    test("writes a file with its mode, makes parents, and reads it back", async () => {
      const path = join(folder, "some where", "deep", "it's a file");
      const content = randomBytes(100_000);
      await access.writeFile(path, content, 0o600);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(Buffer.from(await access.readFile(path)).equals(content)).toBe(true);
    });

    test("replaces a file without a moment in which it is partial", async () => {
      const path = join(folder, "replaced");
      await access.writeFile(path, "old");
      const before = (await stat(path)).ino;
      await access.writeFile(path, "new");
      expect((await stat(path)).ino).not.toBe(before);
      expect((await access.run(["ls", "-A", folder])).stdout).not.toContain(".clouder.");
    });

    test("says not-found when a file to be read is absent", async () => {
      await expect(access.readFile(join(folder, "absent"))).rejects.toMatchObject({
        code: "not-found",
      });
    });

    test("uploads a large file whole and tells how far it is", async () => {
      const local = join(folder, "local");
      const content = randomBytes(9_000_001);
      await writeFile(local, content);
      const seen: number[] = [];
      const remote = join(folder, "remote");
      await access.upload(local, remote, {
        mode: 0o755,
        onProgress: (done, total) => {
          expect(total).toBe(content.length);
          seen.push(done);
        },
      });
      expect(seen.at(-1)).toBe(content.length);
      const { stdout } = await access.run(["sha256sum", remote]);
      expect(stdout).toContain(createHash("sha256").update(content).digest("hex"));
      expect((await stat(remote)).mode & 0o777).toBe(0o755);
    });

    test("streams a local file to a command", async () => {
      const local = join(folder, "streamed");
      await writeFile(local, "x".repeat(3_000_000));
      expect((await access.run(["wc", "-c"], { stdinFile: local })).stdout.trim()).toBe("3000000");
    });
  });
}
