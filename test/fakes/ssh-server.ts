import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { SshAddress } from "#bootstrap/nodes/node-access";
import { cacheFolder } from "#test/lab/cache";
import { locked } from "#test/lab/lock";

/** A real OpenSSH server on a free port of loopback, with its own settings and keys. */
export interface SshServer {
  readonly folder: string;
  readonly port: number;
  /** "algorithm base64". */
  readonly hostKey: string;
  /** A private key that the server does not accept. */
  readonly strangeKey: string;
  /** Each name has a known-hosts file of its own. */
  address(name?: string): SshAddress & { readonly keyFile: string };
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** Installs openssh-server (as root, by apt) where it is missing, and starts one; `settings` are lines of sshd_config. */
export async function startSshServer(settings: readonly string[] = []): Promise<SshServer> {
  await installSshd();
  const folder = await mkdtemp(join(tmpdir(), "clouder-sshd-"));
  const path = (name: string) => join(folder, name);
  for (const name of ["host", "user", "strange"]) {
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path(name)]);
  }
  await writeFile(path("authorized_keys"), await readFile(path("user.pub")), { mode: 0o600 });
  const port = await freePort();
  await writeFile(
    path("config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${path("host")}`,
      `AuthorizedKeysFile ${path("authorized_keys")}`,
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin prohibit-password",
      "StrictModes no",
      "UsePAM no",
      `PidFile ${path("pid")}`,
      ...settings,
    ].join("\n"),
  );
  await mkdir("/run/sshd", { recursive: true });
  const server = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", path("config")], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) =>
    server.once("close", () => {
      resolve();
    }),
  );
  await answers(port);
  const address = (name = "default") => ({
    access: "ssh" as const,
    host: "127.0.0.1",
    port,
    user: userInfo().username,
    keyFile: path("user"),
    knownHostsFile: path(`known-${name}`),
  });
  return {
    folder,
    port,
    hostKey: (await readFile(path("host.pub"), "utf8")).split(" ").slice(0, 2).join(" "),
    strangeKey: path("strange"),
    address,
    stop: async () => {
      server.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function installSshd(): Promise<void> {
  if (existsSync("/usr/sbin/sshd")) return;
  await mkdir(cacheFolder(), { recursive: true, mode: 0o700 });
  const waiting = () => undefined;
  // Files of tests run side by side, and each may want several servers.
  await locked(join(cacheFolder(), "lock-sshd"), waiting, async () => {
    if (!existsSync("/usr/sbin/sshd")) await install();
  });
}

async function install(): Promise<void> {
  process.stderr.write("installing openssh-server by apt for the SSH tests\n");
  // The distribution's own service is not ours to start.
  const policy = "/usr/sbin/policy-rc.d";
  const own = !existsSync(policy);
  if (own) await writeFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const environment = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  try {
    await run("apt-get", ["-qq", "update"], environment);
    await run(
      "apt-get",
      [
        ...["-qq", "-y", "-o", "DPkg::Lock::Timeout=120", "install"],
        ...["--no-install-recommends", "openssh-server"],
      ],
      environment,
    );
  } finally {
    if (own) await rm(policy);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, "127.0.0.1");
      socket.once("data", () => {
        resolve(true);
      });
      socket.once("error", () => {
        resolve(false);
      });
      socket.once("close", () => socket.destroy());
    });
    if (open) return;
    await sleep(50);
  }
  throw new Error("sshd does not answer");
}
