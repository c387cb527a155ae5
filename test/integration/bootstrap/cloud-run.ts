import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#core/clock";

/** Time that passes as fast as it is waited for. */
export function hastyClock(): Clock {
  let slept = 0;
  return {
    now: () => Date.now() + slept,
    sleep: async (milliseconds, signal) => {
      slept += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) throw signal.reason as Error;
    },
  };
}

/** A pair of key files, the private half of no use. */
export async function writeKey(folder: string): Promise<string> {
  const file = join(folder, "id_ed25519");
  await writeFile(file, "not a key", { mode: 0o600 });
  await writeFile(
    `${file}.pub`,
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILxVVqbTxjCvBGQh2o3tAcWYIn2fTN7HTfpYF1mc7jKX test\n",
  );
  return file;
}
