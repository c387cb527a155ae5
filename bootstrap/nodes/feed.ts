import { createReadStream } from "node:fs";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { RunOptions } from "#bootstrap/nodes/node-access";
import { createGate } from "#bootstrap/plans/gate";

export interface FedOptions extends RunOptions {
  /** Told how many bytes of `stdinFile` have been read. */
  readonly onSent?: (bytes: number) => void;
  /** Sent before everything else. */
  readonly firstLine?: string;
}

/** Each holds up to SSH's window (2 MiB) in memory, so hosts beyond these wait for their turn. */
const filesAtOnce = createGate(32);

/** Sends what a command shall read and closes its input. */
export function feed(input: Writable, options: FedOptions): void {
  // A command that ends without reading its input breaks the pipe; its status tells the story.
  input.on("error", () => undefined);
  const { stdinFile, onSent, firstLine } = options;
  if (firstLine !== undefined) input.write(`${firstLine}\n`);
  if (stdinFile === undefined) input.end(options.stdin ?? "");
  else void filesAtOnce(() => send(stdinFile, input, onSent));
}

async function send(
  path: string,
  input: Writable,
  onSent: ((bytes: number) => void) | undefined,
): Promise<void> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  let sent = 0;
  if (onSent) {
    file.on("data", (chunk) => {
      sent += chunk.length;
      onSent(sent);
    });
  }
  await pipeline(file, input).catch(() => undefined);
}
