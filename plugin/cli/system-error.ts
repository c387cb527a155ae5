import { ClouderError, isClouderError } from "#core/error";

/**
 * What the system refuses about a file or folder of the user's (rights, room, a file where a folder
 * should be) is no mistake of ours: such an error with its path and cure, any other as it was.
 */
export function expected(error: unknown): unknown {
  if (isClouderError(error) || !(error instanceof Error)) return error;
  const { code = "", path, syscall } = error as NodeJS.ErrnoException;
  const known = refusals[code];
  if (known === undefined || path === undefined || syscall === undefined) return error;
  const [kind, why, cure] = known;
  return new ClouderError(kind, `cannot use ${path}: ${why}`, { hint: cure, cause: error });
}

const owner = "look at its owner and mode, and at those of the folders above it: ls -ld";
const refusals: Readonly<
  Record<string, readonly ["denied" | "no-space" | "config", string, string]>
> = {
  EACCES: ["denied", "permission denied", owner],
  EPERM: ["denied", "the system does not permit it", owner],
  EROFS: ["denied", "its file system is read-only", "set HOME to a folder that can be written"],
  ENOSPC: ["no-space", "its disk is full", "make room there"],
  EDQUOT: ["no-space", "the quota of its disk is used up", "make room there"],
  ENOTDIR: ["config", "a part of it is a file and no folder", "look at HOME and at ~/.clouder"],
};
