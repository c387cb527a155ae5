import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, pack, type Header } from "tar-stream";
import { ClouderError } from "#core/error";
import { captureAction, keptRecords, type CaptureKind } from "#checkpoint/handler/capture-entry";
import { createCapturePlanner, type CapturePlan } from "#checkpoint/handler/capture-plan";

type Body = ReturnType<typeof extract> extends AsyncIterable<infer Entry> ? Entry : never;

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE(0) === 0x1f8b;
  } finally {
    await file.close();
  }
}

/** Calls `visit` with each entry of a tar, plain or gzip; a visitor may leave the body unread. */
async function forEachEntry(
  path: string,
  visit: (header: Header, body: Body) => Promise<void>,
): Promise<void> {
  const entries = extract();
  const source: Readable = createReadStream(path, { highWaterMark: 1 << 20 });
  const feeding = (await isGzip(path))
    ? pipeline(source, createGunzip(), entries)
    : pipeline(source, entries);
  feeding.catch(() => undefined);
  try {
    for await (const entry of entries) {
      await visit(entry.header, entry);
      entry.resume();
    }
    await feeding;
  } catch (error) {
    entries.destroy();
    if (error instanceof ClouderError) throw error;
    throw new ClouderError("integrity", `${path} is damaged`, { cause: error });
  }
}

async function prepare(root: string, plan: CapturePlan): Promise<void> {
  for (const path of plan.deletions) {
    await rm(join(root, path), { recursive: true, force: true });
  }
  for (const path of plan.clearings) {
    for (const name of await readdir(join(root, path)).catch(() => [])) {
      await rm(join(root, path, name), { recursive: true, force: true });
    }
  }
}

/** A header with nothing but what was checked, so that tar cannot read more into it than we did. */
function cleanHeader(header: Header, path: string): Partial<Header> & Pick<Header, "name"> {
  const { type, uid, gid, mtime, linkname, devmajor, devminor } = header;
  const name = path === "" ? "./" : path;
  const size = type === "file" ? header.size : 0;
  // tar-stream takes mode 0 for "not given"; the type bits are masked out again.
  const mode = header.mode | 0o100000;
  const pax = keptRecords(header);
  return {
    ...{ name, type, mode, uid, gid, size, mtime, linkname, devmajor, devminor },
    ...(Object.keys(pax).length > 0 ? { pax } : {}),
  };
}

async function write(root: string, path: string, kind: CaptureKind): Promise<void> {
  const tar = spawn(
    "tar",
    [
      ...["--extract", "--file=-", `--directory=${root}`],
      ...["--same-owner", "--same-permissions", "--numeric-owner", "--delay-directory-restore"],
      ...["--xattrs", "--xattrs-include=user.*", "--xattrs-include=security.capability"],
    ],
    { stdio: ["pipe", "ignore", "pipe"] },
  );
  let complaint = "";
  tar.stderr.on("data", (chunk: Buffer) => {
    if (complaint.length < 2000) complaint += chunk.toString();
  });
  const ended = once(tar, "close") as Promise<[number | null]>;
  const packed = pack();
  const writing = pipeline(packed, tar.stdin);
  writing.catch(() => undefined);
  await forEachEntry(path, async (header, body) => {
    const action = captureAction(kind, header);
    if (action.type !== "write") return;
    const clean = cleanHeader(header, action.path);
    const sink = packed.entry(clean);
    if (header.type === "file") await pipeline(body, sink);
  });
  packed.finalize();
  const [[status]] = await Promise.all([ended, writing]);
  if (status !== 0) {
    throw new ClouderError("remote-command", "tar could not write the container's files", {
      hint: complaint.trim().split("\n").slice(-3).join("; "),
    });
  }
}

/**
 * Brings the writable layer of the checkpointed container into a new root: deletions first, then the
 * files with owners, modes, times, links and user attributes. Never leaves `root`; a capture that
 * could is refused before anything is changed.
 */
export async function applyCapture(
  capture: { readonly path: string; readonly kind: CaptureKind },
  root: string,
  options: { readonly devicesAllowed: boolean },
): Promise<void> {
  const planner = createCapturePlanner(root, capture.kind, options.devicesAllowed);
  await forEachEntry(capture.path, (header) => planner.add(header));
  await prepare(root, planner.plan());
  await write(root, capture.path, capture.kind);
}
