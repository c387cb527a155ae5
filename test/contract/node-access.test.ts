import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localAccess } from "#bootstrap/nodes/local";
import { sshAccess } from "#bootstrap/nodes/ssh";
import { describeNodeAccess } from "#test/contract/node-access";
import { startSshServer, type SshServer } from "#test/fakes/ssh-server";

let server: SshServer;
beforeAll(async () => {
  server = await startSshServer();
});
afterAll(async () => {
  await server.stop();
});

describeNodeAccess("this machine", () => localAccess.connect("here", { access: "local" }));
describeNodeAccess("ssh", () => sshAccess.connect("there", server.address()));

describe("ssh", () => {
  test("D1 pins the host key at first contact in a file that is private", async () => {
    const address = server.address("first-contact");
    await (await sshAccess.connect("there", address)).close();
    const text = await readFile(address.knownHostsFile, "utf8");
    expect(text).toContain(`[127.0.0.1]:${server.port} ${server.hostKey}`);
  });

  test("D1 refuses a host that shows another key than the pinned one", async () => {
    const address = server.address("changed");
    const other = server.hostKey.replace(/.{8}$/, "AAAAAAAA");
    await writeFile(address.knownHostsFile, `[127.0.0.1]:${server.port} ${other}\n`);
    await expect(sshAccess.connect("there", address)).rejects.toMatchObject({
      code: "refused",
      hint: expect.stringContaining("ssh-keygen") as string,
    });
    expect(await readFile(address.knownHostsFile, "utf8")).toContain(other);
  });

  test("names the key when the host does not accept it", async () => {
    const address = { ...server.address("strange"), keyFile: server.strangeKey };
    await expect(sshAccess.connect("there", address)).rejects.toMatchObject({
      code: "unauthenticated",
      hint: expect.stringContaining(server.strangeKey) as string,
    });
  });

  test("names a key file that cannot be read", async () => {
    const address = { ...server.address("absent"), keyFile: join(server.folder, "absent-key") };
    await expect(sshAccess.connect("there", address)).rejects.toMatchObject({ code: "config" });
  });

  test("says unreachable, and that a later try may succeed, when nobody listens", async () => {
    const address = { ...server.address("nobody"), port: 1 };
    await expect(sshAccess.connect("there", address)).rejects.toMatchObject({
      code: "unreachable",
      retryable: true,
    });
  });

  test("waits where the server has fewer sessions than there are commands", async () => {
    const small = await startSshServer(["MaxSessions 3"]);
    try {
      const access = await sshAccess.connect("small", small.address());
      const echoes = Array.from({ length: 60 }, (_, number) => access.run(["echo", `${number}`]));
      const said = (await Promise.all(echoes)).map(({ stdout }) => Number(stdout));
      expect(said).toEqual(Array.from({ length: 60 }, (_, number) => number));
      await access.close();
    } finally {
      await small.stop();
    }
  });

  test("rejects commands under way when the connection breaks", async () => {
    const access = await sshAccess.connect("there", server.address("breaks"));
    const { stdout } = await access.run(["sh", "-c", "echo $PPID"]);
    const running = access.run(["sleep", "30"]);
    process.kill(Number(stdout.trim()), "SIGKILL");
    await expect(running).rejects.toMatchObject({ code: "unreachable", retryable: false });
    await rm(server.address("breaks").knownHostsFile, { force: true });
  });
});
