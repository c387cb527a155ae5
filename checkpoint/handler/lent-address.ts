import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { ClouderError } from "#core/error";
import type { RunProgram } from "#checkpoint/handler/program";

/**
 * The old pod's addresses, lent to `lo` of the new pod while a container is restored: CRIU can then
 * bind what was bound. Several containers of a pod may borrow at once, so that each borrower leaves a
 * file under `folder/<netns>/<address>/` and only the last one takes the address away.
 */
export interface AddressLender {
  readonly run: RunProgram;
  /** For locks and borrowers; on a tmpfs. */
  readonly folder: string;
}

async function locked<T>(file: string, work: () => Promise<T>): Promise<T> {
  // The kernel drops the lock whatever becomes of us: cat ends with our end of the pipe.
  const holder = spawn("flock", [file, "sh", "-c", "echo locked; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  try {
    const started = await Promise.race([
      once(holder.stdout, "data").then(() => true),
      once(holder, "close").then(() => false),
    ]);
    if (!started) throw new ClouderError("internal", `could not lock ${file}`);
    return await work();
  } finally {
    holder.stdin.end();
  }
}

async function isAlive(pid: string): Promise<boolean> {
  return stat(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
}

/** Process ids of the borrowers that are still at work; files of dead ones go. */
async function borrowers(folder: string): Promise<readonly string[]> {
  const alive: string[] = [];
  for (const pid of await readdir(folder).catch(() => [])) {
    if (await isAlive(pid)) alive.push(pid);
    else await rm(join(folder, pid), { force: true });
  }
  return alive;
}

/** Lends `addresses` in the network namespace while `work` runs, then ends every connection on them. */
export async function withLentAddresses<T>(
  lender: AddressLender,
  namespace: string | undefined,
  addresses: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  // On the host's network an address would be the node's own business.
  if (namespace === undefined || addresses.length === 0) return work();
  const inside = (...argv: string[]) => lender.run(["nsenter", `--net=${namespace}`, ...argv]);
  const { ino } = await stat(namespace);
  const home = join(lender.folder, String(ino));
  await mkdir(home, { recursive: true, mode: 0o700 });
  const lock = join(home, "lock");
  const lent: string[] = [];
  const length = (address: string) => (isIPv6(address) ? 128 : 32);

  const lend = async (address: string) => {
    const folder = join(home, address.replaceAll(":", "_"));
    const present = await inside("ip", "-o", "addr", "show", "to", `${address}/${length(address)}`);
    if (present.status !== 0) return;
    const others = await borrowers(folder);
    // Somebody else's address, for instance that of the new pod itself.
    if (present.output.trim() !== "" && others.length === 0) return;
    if (present.output.trim() === "") {
      const extra = isIPv6(address) ? ["nodad"] : [];
      const argv = ["ip", "addr", "add", `${address}/${length(address)}`, "dev", "lo", ...extra];
      if ((await inside(...argv)).status !== 0) return;
    }
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, String(process.pid)), "");
    lent.push(address);
  };
  const takeBack = async (address: string) => {
    const folder = join(home, address.replaceAll(":", "_"));
    await rm(join(folder, String(process.pid)), { force: true });
    if ((await borrowers(folder)).length > 0) return;
    await inside("ss", "-K", "src", isIPv6(address) ? `[${address}]` : address);
    await inside("ip", "addr", "del", `${address}/${length(address)}`, "dev", "lo");
  };

  await locked(lock, async () => {
    for (const address of addresses) await lend(address);
  });
  try {
    return await work();
  } finally {
    await locked(lock, async () => {
      for (const address of lent) await takeBack(address);
    });
  }
}
