import type { Header } from "tar-stream";
import { ClouderError } from "#core/error";

/** Which conventions a capture of a writable layer follows for what was deleted. */
export type CaptureKind = "overlay" | "oci";

/** One entry of a capture in terms of what has to happen to the new container's root. */
export type CaptureAction =
  | { readonly type: "write"; readonly path: string; readonly opaque: boolean }
  /** The path existed in the image and was deleted. */
  | { readonly type: "delete"; readonly path: string }
  /** Everything the image had in this folder was deleted. */
  | { readonly type: "clear"; readonly path: string }
  | { readonly type: "ignore" };

const maximalPath = 4096;

export function refusedEntry(name: string, why: string): ClouderError {
  return new ClouderError("refused", `the writable layer's entry "${name}" ${why}`, {
    hint: "the capture was not written by this program or by containerd; do not restore it",
  });
}

/** The path of an entry relative to the root, without ./ and trailing slashes; "" is the root itself. */
export function relativePath(name: string): string {
  const path = name.replace(/^(\.\/+)+/, "").replace(/\/+$/, "");
  if (path === "" || path === ".") return "";
  const parts = path.split("/");
  if (
    path.length > maximalPath ||
    path.includes("\0") ||
    // What is no UTF-8 was lost in parsing: two names could have become one.
    path.includes("\ufffd") ||
    parts.some((part) => part === "" || part === "." || part === "..")
  ) {
    throw refusedEntry(name.slice(0, 256), "is not a plain relative path");
  }
  return path;
}

const xattrPrefix = "SCHILY.xattr.";

/** An extended attribute of an entry as tar carries it. */
function attribute(header: Header, name: string): string | undefined {
  return paxRecords(header)[`${xattrPrefix}${name}`];
}

function paxRecords(header: Header): Record<string, string> {
  return (header.pax ?? {}) as Record<string, string>;
}

/** Records that need the extended form: fractions of seconds, ids that do not fit the old header. */
function keptNumbers(header: Header): Record<string, string> {
  const given = paxRecords(header);
  const kept: Record<string, string> = {};
  if (/^\d{1,12}(\.\d{1,9})?$/.test(given["mtime"] ?? "")) kept["mtime"] = given["mtime"] ?? "";
  for (const key of ["uid", "gid"] as const) {
    const id = /^\d{1,10}$/.test(given[key] ?? "") ? Number(given[key]) : header[key];
    if (id > 0o777777) kept[key] = String(id);
  }
  return kept;
}

/**
 * The extended records that are written back. Of the attributes only the user's own and file
 * capabilities: the others belong to the kernel and to overlayfs.
 */
export function keptRecords(header: Header): Record<string, string> {
  const kept = keptNumbers(header);
  for (const [key, value] of Object.entries(paxRecords(header))) {
    const name = key.startsWith(xattrPrefix) ? key.slice(xattrPrefix.length) : "";
    const wanted = name === "security.capability" || name.startsWith("user.");
    // Bytes that were no UTF-8 are lost in parsing; half an attribute is worse than none.
    const whole = !value.includes("\ufffd");
    if (wanted && whole && !name.startsWith("user.overlay.")) kept[key] = value;
  }
  return kept;
}

function overlayAction(header: Header, path: string): CaptureAction {
  for (const space of ["trusted", "user"]) {
    for (const feature of ["redirect", "metacopy"]) {
      if (attribute(header, `${space}.overlay.${feature}`) !== undefined) {
        throw new ClouderError(
          "unsupported",
          `"${path}" in the writable layer uses overlayfs's ${feature}`,
          { hint: `switch the overlay module's ${feature} option off on the nodes` },
        );
      }
    }
  }
  const whiteout =
    header.type === "character-device" && header.devmajor === 0 && header.devminor === 0;
  if (whiteout) return { type: "delete", path };
  const opaque = ["trusted.overlay.opaque", "user.overlay.opaque"].some(
    (name) => attribute(header, name) === "y",
  );
  return { type: "write", path, opaque: opaque && header.type === "directory" };
}

function ociAction(header: Header, path: string): CaptureAction {
  const slash = path.lastIndexOf("/") + 1;
  const folder = path.slice(0, Math.max(0, slash - 1));
  const base = path.slice(slash);
  if (!base.startsWith(".wh.")) return { type: "write", path, opaque: false };
  if (base === ".wh..wh..opq") return { type: "clear", path: folder };
  if (base.startsWith(".wh..wh.")) return { type: "ignore" };
  const name = base.slice(".wh.".length);
  if (name === "" || name === "." || name === "..") throw refusedEntry(header.name, "is no name");
  return { type: "delete", path: `${path.slice(0, slash)}${name}` };
}

/** What an entry of a capture means. */
export function captureAction(kind: CaptureKind, header: Header): CaptureAction {
  const path = relativePath(header.name);
  return kind === "overlay" ? overlayAction(header, path) : ociAction(header, path);
}
