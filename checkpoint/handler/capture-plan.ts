import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { Header } from "tar-stream";
import {
  captureAction,
  refusedEntry,
  relativePath,
  type CaptureKind,
} from "#checkpoint/handler/capture-entry";

/** What has to go from the new root before a capture's files are written. */
export interface CapturePlan {
  readonly deletions: readonly string[];
  /** Folders to empty, root = "". */
  readonly clearings: readonly string[];
  readonly entries: number;
}

export interface CapturePlanner {
  /** Takes the next entry in the archive's order; throws `refused` for one that may not be applied. */
  add(header: Header): Promise<void>;
  plan(): CapturePlan;
}

const maximalEntries = 2_000_000;
const plainTypes = new Set(["file", "directory", "symlink", "link", "fifo"]);

function parentsOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

/**
 * Checks a capture entry by entry against the root it is meant for, before anything is changed: no
 * path may lead through a link, neither one of the image nor one of the capture itself.
 */
export function createCapturePlanner(
  root: string,
  kind: CaptureKind,
  devicesAllowed: boolean,
): CapturePlanner {
  const folders = new Set<string>([""]);
  const others = new Set<string>();
  const solid = new Map<string, boolean>();
  const deletions: string[] = [];
  const clearings: string[] = [];
  let entries = 0;

  const statOf = (path: string) => lstat(join(root, path)).catch(() => undefined);
  const isFolderInImage = async (path: string): Promise<boolean> => {
    const known = solid.get(path);
    if (known !== undefined) return known;
    const found = (await statOf(path))?.isDirectory() ?? false;
    solid.set(path, found);
    return found;
  };
  const guardParents = async (name: string, path: string) => {
    for (const parent of parentsOf(path)) {
      if (others.has(parent)) throw refusedEntry(name, "lies inside something that is no folder");
      if (!folders.has(parent) && !(await isFolderInImage(parent))) {
        throw refusedEntry(name, `would be written through "${parent}", which is no folder`);
      }
    }
  };
  const guardHardLink = async (header: Header) => {
    const target = relativePath(header.linkname);
    if (others.has(target)) return;
    await guardParents(header.name, target);
    if (!(await statOf(target))?.isFile()) {
      throw refusedEntry(header.name, `is a hard link to "${target}", which is no file`);
    }
  };
  const guardType = async (header: Header) => {
    const device = header.type === "character-device" || header.type === "block-device";
    if (device && !devicesAllowed) {
      throw refusedEntry(header.name, "is a device, and the pod has no CAP_MKNOD");
    }
    if (!device && !plainTypes.has(header.type)) {
      throw refusedEntry(header.name, `has the unknown type ${header.type}`);
    }
    if (header.type === "link") await guardHardLink(header);
  };
  const addWrite = async (header: Header, path: string, opaque: boolean) => {
    await guardType(header);
    const isFolder = header.type === "directory";
    if (others.has(path) || (folders.has(path) && !isFolder)) {
      throw refusedEntry(header.name, "occurs twice");
    }
    (isFolder ? folders : others).add(path);
    if (opaque) clearings.push(path);
    const existing = await statOf(path);
    if (existing !== undefined && existing.isDirectory() !== isFolder) deletions.push(path);
  };

  return {
    add: async (header) => {
      entries += 1;
      if (entries > maximalEntries) throw refusedEntry(header.name, "is one too many");
      const action = captureAction(kind, header);
      if (action.type === "ignore") return;
      await guardParents(header.name, action.path);
      if (action.type === "write") await addWrite(header, action.path, action.opaque);
      else if (action.path === "" && action.type === "delete") {
        throw refusedEntry(header.name, "would delete the whole root");
      } else if (action.type === "clear") {
        if (action.path !== "") await guardParents(header.name, `${action.path}/x`);
        clearings.push(action.path);
      } else {
        deletions.push(action.path);
      }
    },
    plan: () => ({ deletions, clearings, entries }),
  };
}
