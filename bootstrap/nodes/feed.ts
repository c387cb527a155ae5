import { createReadStream } from "node:fs";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { RunOptions } from "#bootstrap/nodes/node-access";

export interface FedOptions extends RunOptions {
  /** Told how many bytes of `stdinFile` have been read. */
  readonly onSent?: (bytes: number) => void;
}

/** Sends what a command shall read and closes its input. */
export function feed(input: Writable, options: FedOptions): void {
  // A command that ends without reading its input breaks the pipe; its status tells the story.
  input.on("error", () => undefined);
  if (options.stdinFile === undefined) {
    input.end(options.stdin ?? "");
    return;
  }
  const file = createReadStream(options.stdinFile, { highWaterMark: 1 << 18 });
  let sent = 0;
  const { onSent } = options;
  if (onSent) {
    file.on("data", (chunk) => {
      sent += chunk.length;
      onSent(sent);
    });
  }
  pipeline(file, input).catch(() => undefined);
}
