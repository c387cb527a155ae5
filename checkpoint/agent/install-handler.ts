import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import {
  access,
  chmod,
  copyFile,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

/** What goes from the agent's image to the node, and under which name below `root`. */
export interface HandlerParts {
  readonly root: string;
  readonly shim: string;
  readonly node: string;
  readonly restoreHelper: string;
}

interface Part {
  readonly from: string;
  readonly to: string;
  readonly mode: number;
}

function partsOf({ root, shim, node, restoreHelper }: HandlerParts): readonly Part[] {
  return [
    { from: node, to: join(root, "bin/node"), mode: 0o755 },
    { from: restoreHelper, to: join(root, "lib/restore-helper.mjs"), mode: 0o644 },
    // Last: it calls the other two.
    { from: shim, to: join(root, "bin/clouder-runc"), mode: 0o755 },
  ];
}

/**
 * Brings shim, node and restore helper to the node. Each file is replaced by a rename, so that a call
 * under way keeps what it has opened; what is there already is not copied again. True when it changed.
 */
export async function installHandler(handler: HandlerParts): Promise<boolean> {
  const stamp = await stampOf(handler);
  if (await isInstalled(handler, stamp)) return false;
  for (const { from, to, mode } of partsOf(handler)) {
    await mkdir(dirname(to), { recursive: true, mode: 0o755 });
    const next = `${to}.new`;
    await rm(next, { force: true });
    await copyFile(from, next);
    await chmod(next, mode);
    await sync(next);
    await rename(next, to);
  }
  await writeFile(`${stampFile(handler)}.new`, `${stamp}\n`, { mode: 0o644 });
  await rename(`${stampFile(handler)}.new`, stampFile(handler));
  return true;
}

/** True when the node has exactly these parts, by the stamp of the last installation. */
export async function isHandlerInstalled(handler: HandlerParts): Promise<boolean> {
  return isInstalled(handler, await stampOf(handler));
}

async function isInstalled(handler: HandlerParts, stamp: string): Promise<boolean> {
  const found = await readFile(stampFile(handler), "utf8").catch(() => "");
  if (found.trim() !== stamp) return false;
  const present = partsOf(handler).map(({ to }) => access(to));
  return Promise.all(present).then(
    () => true,
    () => false,
  );
}

function stampFile({ root }: HandlerParts): string {
  return join(root, "version");
}

const stamps = new Map<string, Promise<string>>();

/** SHA-256 over all parts; worked out once, as an image does not change while it runs. */
function stampOf(handler: HandlerParts): Promise<string> {
  const key = partsOf(handler)
    .map(({ from }) => from)
    .join("\n");
  const known = stamps.get(key) ?? digest(partsOf(handler));
  stamps.set(key, known);
  return known;
}

async function digest(parts: readonly Part[]): Promise<string> {
  const hash = createHash("sha256");
  for (const { from } of parts) {
    await pipeline(createReadStream(from), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) hash.update(chunk);
    });
  }
  return hash.digest("hex");
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
