import { stat } from "node:fs/promises";
import type { FedOptions } from "#bootstrap/nodes/feed";
import type { NodeAccess, RunResult } from "#bootstrap/nodes/node-access";
import { checkSize, writeCommand } from "#bootstrap/nodes/remote-file";
import { ClouderError } from "#core/error";

/** How a driver runs a command on its machine. */
export type RunOnNode = (argv: readonly string[], options?: FedOptions) => Promise<RunResult>;

/** Everything of a machine's access that goes through running commands there, files included. */
export function accessThrough(host: string, run: RunOnNode): Omit<NodeAccess, "close"> {
  return {
    host,
    run,
    readFile: async (path) => {
      const shown = await run(["base64", "-w0", "--", path], { allowFailure: true });
      if (shown.status === 0) return Buffer.from(shown.stdout, "base64");
      throw new ClouderError("not-found", `cannot read ${path} on ${host}`);
    },
    writeFile: async (path, content, mode = 0o644) => {
      const bytes = Buffer.byteLength(content);
      const { stdout } = await run(writeCommand(path, mode, bytes), { stdin: content });
      checkSize(host, path, stdout, bytes);
    },
    upload: async (localPath, remotePath, options = {}) => {
      const { size } = await stat(localPath);
      const { stdout } = await run(writeCommand(remotePath, options.mode ?? 0o644, size), {
        stdinFile: localPath,
        onSent: (done) => options.onProgress?.(done, size),
        signal: options.signal,
      });
      checkSize(host, remotePath, stdout, size);
    },
  };
}
