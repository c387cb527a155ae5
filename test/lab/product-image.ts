import { agentAllocator } from "#checkpoint/agent/memory";
import { pathOf } from "#checkpoint/install/image/shared-libraries";
import { install } from "./host-tools.ts";
import { outputOf, runProgram } from "./run-program.ts";

/** Builds dist/image.tar, with what it takes from this host. */
export async function buildProductImage(say: (line: string) => void): Promise<void> {
  await ensureAllocator(say);
  await runProgram([process.execPath, "image.ts"]);
}

/** Installs the agent's malloc on this host if it is missing, and says so. */
export async function ensureAllocator(say: (line: string) => void): Promise<void> {
  const known = pathOf(agentAllocator, await outputOf(["/sbin/ldconfig", "-p"]));
  if (known === undefined) await install(["libjemalloc2"], say);
}
