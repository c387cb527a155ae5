import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ensurePart } from "./cache.ts";
import { versitygw } from "./go-programs.ts";
import { ensureGo } from "./host-tools.ts";
import { progressOf } from "./progress.ts";
import { freePort, startServer, type ServerHandle } from "./server-process.ts";

export type { ServerHandle };

export interface S3ServerOptions {
  /** An IP address of this host. */
  readonly address: string;
  /** A free one when it is not given. */
  readonly port?: number;
  /** Buckets are its folders, objects the files in them. */
  readonly folder: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Gets a line per step while the server program has to be built first. */
  readonly say?: (line: string) => void;
}

/** Starts an S3 server (region us-east-1, path style) and waits until it answers. */
export async function startS3Server(options: S3ServerOptions): Promise<ServerHandle> {
  const say = options.say ?? (() => undefined);
  ensureGo();
  const programs = await ensurePart(versitygw, progressOf(1, say));
  const host = options.address;
  const port = options.port ?? (await freePort(host));
  await mkdir(options.folder, { recursive: true });
  return await startServer({
    argv: [
      join(programs, "versitygw"),
      ...["--port", `${host}:${port}`, "--region", "us-east-1", "--quiet"],
      ...["posix", options.folder],
    ],
    environment: {
      ROOT_ACCESS_KEY: options.accessKey,
      ROOT_SECRET_KEY: options.secretKey,
    },
    endpoint: `http://${host}:${port}`,
  });
}
