import type { Readable } from "node:stream";
import { lineSplitter } from "#bootstrap/nodes/lines";
import type { RunOptions, RunResult } from "#bootstrap/nodes/node-access";
import { ClouderError } from "#core/error";

/** Keeps what a command writes, and tells its lines as they come. */
export function captureOutput(
  streams: { readonly stdout: Readable; readonly stderr: Readable },
  options: RunOptions,
): { readonly end: (status: number) => RunResult } {
  const lines = options.onLine && lineSplitter(options.onLine);
  const keep = (stream: Readable) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      lines?.push(chunk.toString());
    });
    return () => Buffer.concat(chunks).toString();
  };
  const [stdout, stderr] = [keep(streams.stdout), keep(streams.stderr)];
  return {
    end: (status) => {
      lines?.end();
      return { status, stdout: stdout(), stderr: stderr() };
    },
  };
}

/** The error of a command that did not end within `timeoutMs`. */
export function tookTooLong(what: string, host: string, options: RunOptions): ClouderError {
  return new ClouderError("timeout", `${what} on ${host} took too long`, {
    details: { host, milliseconds: options.timeoutMs ?? 0 },
  });
}
