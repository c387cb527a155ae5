import { mkdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClouderError, isClouderError } from "#core/error";

/**
 * Keeps two commands from changing one cluster at the same time. The lock names its process by id
 * and start time, so that one left by a killed command holds nobody up.
 */
export async function withClusterLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "lock");
  const mine = `${process.pid} ${await startTime(process.pid)}\n`;
  await take(path, mine);
  try {
    return await work();
  } finally {
    if ((await readFile(path, "utf8").catch(() => "")) === mine) await rm(path, { force: true });
    // A command that came to nothing leaves no folder either.
    await rmdir(folder).catch(() => undefined);
  }
}

/** Whether a job did not begin, for another command is changing the cluster. */
export function isLockHeld(error: unknown): boolean {
  return isClouderError(error) && error.code === "busy" && error.details["process"] !== undefined;
}

async function take(path: string, mine: string): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      await writeFile(path, mine, { flag: "wx", mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const [pid = "", start = ""] = (await readFile(path, "utf8").catch(() => "")).trim().split(" ");
    if (pid !== "" && start !== "" && (await startTime(Number(pid))) === start) {
      throw new ClouderError("busy", `another command (process ${pid}) is changing this cluster`, {
        hint: "wait until it ends",
        retryable: true,
        details: { process: pid },
      });
    }
    await rm(path, { force: true });
  }
  throw new ClouderError("busy", `cannot take the lock ${path}`, { hint: "run the command again" });
}

/** Start of a process in clock ticks since boot; "gone" when there is none. */
async function startTime(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return process.platform === "linux" ? "gone" : await alive(pid);
  // The name in parentheses may hold anything; the 20th field after it is the start time.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "gone";
}

/** Without /proc there is only the id. */
function alive(pid: number): Promise<string> {
  try {
    process.kill(pid, 0);
    return Promise.resolve("alive");
  } catch {
    return Promise.resolve("gone");
  }
}
