import { ClouderError } from "#core/error";
import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Runs `work` while holding an exclusive lock on `file`; `waiting` is called when somebody else has it.
 * The kernel gives the lock back when this process dies in whatever way: flock(1) holds it only as long
 * as the pipe from here is open.
 */
export async function locked<T>(
  file: string,
  waiting: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const holder = spawn("flock", [file, "sh", "-c", "echo locked; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) =>
    holder.once("close", () => {
      resolve();
    }),
  );
  const timer = setTimeout(waiting, 1000);
  try {
    const got = await Promise.race([
      once(holder.stdout, "data").then(() => true),
      ended.then(() => false),
    ]);
    clearTimeout(timer);
    if (!got) throw new ClouderError("busy", `cannot lock ${file}`);
    return await work();
  } finally {
    clearTimeout(timer);
    holder.stdin.end();
    await ended;
  }
}
