import { spawn } from "node:child_process";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { killGroup, makeCgroups, processesIn, removeCgroups, usesCgroupV1 } from "./cgroups.ts";
import { machineFolder, machineRootOf, nspawnName, type LocalIdentity } from "./identity.ts";
import type { LocalSettings } from "./settings.ts";
import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";
import { waitFor } from "#core/retry";

const groupOf = (identity: LocalIdentity, machine: string) => [identity.cgroup, machine] as const;

/** A machine runs while its cgroup has processes: no pid file can be stale or name a stranger. */
export async function isRunning(identity: LocalIdentity, machine: string): Promise<boolean> {
  return (await processesIn(groupOf(identity, machine))).length > 0;
}

/** Boots a machine, detached from this process. A second start at once fails on nspawn's lock. */
export async function startMachine(
  identity: LocalIdentity,
  machine: string,
  settings: LocalSettings,
): Promise<void> {
  for (const { source } of settings.binds) await mkdir(source, { recursive: true });
  const cgroups = await makeCgroups(groupOf(identity, machine));
  const log = await open(join(machineFolder(identity, machine), "console.log"), "a", 0o600);
  try {
    const child = spawn("/bin/sh", ["-c", enterAndExec, "sh", ...cgroups, "--", ...nspawn()], {
      detached: true,
      cwd: "/",
      stdio: ["ignore", log.fd, log.fd],
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        // Any seccomp filter on CRIU's ancestors makes its dumps fail.
        SYSTEMD_SECCOMP: "0",
        ...((await usesCgroupV1()) && { SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE: "1" }),
      },
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
  } finally {
    await log.close();
  }

  function nspawn(): readonly string[] {
    return [
      ...["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"],
      `--directory=${machineRootOf(identity, machine)}`,
      `--machine=${nspawnName(identity, machine)}`,
      `--hostname=${machine}`,
      `--network-bridge=${identity.bridge}`,
      ...["--capability=all", "--resolv-conf=off", "--timezone=off", "--link-journal=no"],
      ...settings.binds.map(({ source, destination }) => `--bind=${source}:${destination}`),
    ];
  }
}

/** Enters the cgroups whose process files come before `--`, then becomes what comes after. */
const enterAndExec = `
while [ "$1" != -- ]; do echo $$ > "$1" || exit 71; shift; done
shift
exec "$@"
`;

/** Waits until sshd of a machine sends its greeting. */
export async function waitForSsh(
  identity: LocalIdentity,
  machine: string,
  address: string,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  // On a busy host a moment passes until the first process has entered the cgroup.
  const entered = clock.now() + 15_000;
  let seen = false;
  await waitFor(
    `an answer of sshd on ${machine} (${address})`,
    {
      timeoutMs: 90_000,
      everyMs: 150,
      clock,
      signal,
      hint: `look at ${join(machineFolder(identity, machine), "console.log")}`,
    },
    async () => {
      if (await greets(address)) return true;
      const running = await isRunning(identity, machine);
      seen ||= running;
      if (!running && (seen || clock.now() > entered)) {
        throw new ClouderError("remote-command", `the machine ${machine} ended while it booted`, {
          hint: `look at ${join(machineFolder(identity, machine), "console.log")}`,
        });
      }
      return undefined;
    },
  );
}

function greets(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port: 22, timeout: 1000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (chunk) => {
      end(chunk.toString("latin1").startsWith("SSH-"));
    });
    for (const event of ["error", "timeout", "close"]) {
      socket.once(event, () => {
        end(false);
      });
    }
  });
}

/** Ends a machine and removes all that was its own; gives what is left. */
export async function removeMachine(
  identity: LocalIdentity,
  machine: string,
  clock: Clock,
): Promise<readonly string[]> {
  const group = groupOf(identity, machine);
  await killGroup(group, clock);
  const left = [...(await removeCgroups(group))];
  const folder = machineFolder(identity, machine);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  await rm(join("/run/systemd/nspawn/propagate", nspawnName(identity, machine)), {
    recursive: true,
    force: true,
  });
  await rm(join("/run/systemd/nspawn/unix-export", nspawnName(identity, machine)), {
    recursive: true,
    force: true,
  });
  if (await readdir(folder).catch(() => undefined)) left.push(folder);
  return left;
}
