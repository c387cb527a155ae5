import { ClouderError } from "#core/error";
import { printable } from "#core/redact";
import type { IndexEntry } from "#checkpoint/archive/container-index";

/** What restore needs; everything else of an archive (logs above all) stays out of the node. */
const wanted =
  /^(checkpoint(\/.*)?|config\.dump|spec\.dump|status\.dump|status|rootfs-diff\.tar|clouder-upper\.tar|deleted\.files|bind\.mounts|stats-dump|dump\.log)$/;

const most = { depth: 8, segmentBytes: 255 };

/** An entry that may be created below a folder: `path` has no empty, `.` or `..` segment. */
export interface SafeEntry {
  readonly path: string;
  readonly type: "file" | "directory";
  readonly size: number;
  readonly offset: number;
}

/**
 * The entries that restore may unpack. Any link, device, `..`, absolute or doubled name anywhere
 * in the archive refuses the whole archive: neither kubelet nor runtime writes such.
 */
export function safeEntries(entries: readonly IndexEntry[]): SafeEntry[] {
  const kinds = new Map<string, "file" | "directory">();
  const safe: SafeEntry[] = [];
  let end = 0;
  for (const entry of entries) {
    const { type } = entry;
    if (type !== "file" && type !== "directory") {
      throw refused(entry.name, `is a ${type}; only files and folders are accepted`);
    }
    const path = safePath(entry.name);
    if (path === "") continue;
    const known = kinds.get(path);
    if (known !== undefined && !(known === "directory" && type === "directory")) {
      throw refused(entry.name, "occurs twice");
    }
    requireFolders(entry.name, path, kinds);
    kinds.set(path, type);
    if (entry.offset < end) throw refused(entry.name, "overlaps another entry");
    end = entry.offset + entry.size;
    if (wanted.test(path)) safe.push({ path, type, size: entry.size, offset: entry.offset });
  }
  return safe;
}

function safePath(name: string): string {
  const path = name.replace(/^(\.\/)+/, "").replace(/\/+$/, "");
  if (path === "." || (path === "" && name.startsWith("."))) return "";
  if (name.startsWith("/") || path === "") throw refused(name, "is an absolute or empty name");

  if (/[\x00-\x1f\x7f\\]/.test(path)) throw refused(name, "has a control character or backslash");
  requireSegments(name, path.split("/"));
  return path;
}

function requireSegments(name: string, segments: readonly string[]): void {
  if (segments.length > most.depth) throw refused(name, `is deeper than ${most.depth} folders`);
  for (const segment of segments) {
    if (segment === "" || segment === "." || segment === "..") {
      throw refused(name, `has the segment "${segment}"`);
    }
    if (Buffer.byteLength(segment) > most.segmentBytes) throw refused(name, "is too long");
  }
}

/** No file may be used as a folder. Parents need no entry of their own. */
function requireFolders(
  name: string,
  path: string,
  kinds: Map<string, "file" | "directory">,
): void {
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    const parent = path.slice(0, slash);
    if (kinds.get(parent) === "file") throw refused(name, `lies below the file "${parent}"`);
    kinds.set(parent, "directory");
  }
}

function refused(name: string, why: string): ClouderError {
  return new ClouderError("refused", `entry "${printable(name)}" of the checkpoint ${why}`, {
    hint: "this archive was not written by a kubelet; do not restore it",
    details: { entry: printable(name) },
  });
}
