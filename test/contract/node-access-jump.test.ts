import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SshAddress } from "#bootstrap/nodes/node-access";
import { sshAccess } from "#bootstrap/nodes/ssh";
import { answersSsh } from "#bootstrap/nodes/ssh-banner";
import { describeNodeAccess } from "#test/contract/node-access";
import { startSshServer, type SshServer } from "#test/fakes/ssh-server";

/** Two real sshd, each with keys of its own: a machine, and the jump host in front of it. */
let machine: SshServer;
let jumpHost: SshServer;
beforeAll(async () => {
  [machine, jumpHost] = await Promise.all([
    // It stands for many machines: one would refuse so many logins at once.
    startSshServer(["MaxStartups 100"]),
    startSshServer(),
  ]);
});
afterAll(async () => {
  await Promise.all([machine.stop(), jumpHost.stop()]);
});

const through = (one: SshServer, name: string): SshAddress => {
  const { host, port, user, keyFile } = one.address();
  return { ...machine.address(name), jump: { host, port, user, keyFile } };
};

/** Connections to the jump host that are open now, as the kernel counts them. */
async function connectionsToJumpHost(): Promise<number> {
  const port = `:${jumpHost.port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = (await readFile("/proc/net/tcp", "utf8")).trim().split("\n").slice(1);
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return fields.filter(([, , remote, state]) => remote?.endsWith(port) && state === "01").length;
}

describeNodeAccess("ssh through a jump host", () =>
  sshAccess.connect("there", through(jumpHost, "law")),
);

describe("B4 a jump host", () => {
  test("B4 and the machine behind it have their keys pinned in one file", async () => {
    const address = through(jumpHost, "both");
    await (await sshAccess.connect("there", address)).close();
    const lines = (await readFile(address.knownHostsFile, "utf8")).trim().split("\n");
    expect(lines).toEqual([
      `[127.0.0.1]:${jumpHost.port} ${jumpHost.hostKey}`,
      `[127.0.0.1]:${machine.port} ${machine.hostKey}`,
    ]);
    await (await sshAccess.connect("there", address)).close();
  });

  test.each(["jump host", "machine"])(
    "B4 with another host key of the %s is refused",
    async (who) => {
      const address = through(jumpHost, `changed-${who}`);
      const { port, hostKey } = who === "machine" ? machine : jumpHost;
      const other = hostKey.replace(/.{8}$/, "AAAAAAAA");
      await writeFile(address.knownHostsFile, `[127.0.0.1]:${port} ${other}\n`);
      await expect(sshAccess.connect("there", address)).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining(`[127.0.0.1]:${port}`) as string,
      });
    },
  );

  test("B4 that does not accept the key is named, and the wait for machines ends at once", async () => {
    const address = through(jumpHost, "strange");
    const strange = { ...address, jump: { ...address.jump!, keyFile: jumpHost.strangeKey } };
    const refusal = {
      code: "unauthenticated",
      message: expect.stringContaining("the jump host") as string,
    };
    await expect(sshAccess.connect("there", strange)).rejects.toMatchObject(refusal);
    await expect(answersSsh(strange)).rejects.toMatchObject(refusal);
  });

  test("B4 that forwards nothing says which setting does", async () => {
    const strict = await startSshServer(["AllowTcpForwarding no"]);
    try {
      await expect(sshAccess.connect("there", through(strict, "strict"))).rejects.toMatchObject({
        code: "denied",
        hint: expect.stringContaining("AllowTcpForwarding") as string,
      });
    } finally {
      await strict.stop();
    }
  });

  test("B4 whose machine does not answer is waited for", async () => {
    const address = { ...through(jumpHost, "nobody"), port: 1 };
    expect(await answersSsh(address)).toBe(false);
    expect(await answersSsh(through(jumpHost, "somebody"))).toBe(true);
    await expect(sshAccess.connect("there", address)).rejects.toMatchObject({
      code: "unreachable",
      retryable: true,
    });
  });

  test("B4 gets one connection for all machines behind it, and none is left", async () => {
    const address = through(jumpHost, "many");
    const before = await connectionsToJumpHost();
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, at) => sshAccess.connect(`machine-${at}`, address)),
    );
    expect(await connectionsToJumpHost()).toBe(before + 1);
    const said = await Promise.all(all.map((one) => one.run(["echo", "here"])));
    expect(said.map(({ stdout }) => stdout)).toEqual(Array(30).fill("here\n"));
    await Promise.all(all.map((one) => one.close()));
    await expect.poll(connectionsToJumpHost).toBe(before);
  });
});
