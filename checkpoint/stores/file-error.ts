import { ClouderError } from "#core/error";
import type { ErrorCode } from "#core/error";

const codes: Readonly<Record<string, { code: ErrorCode; say: string; hint?: string }>> = {
  ENOENT: { code: "not-found", say: "there is no" },
  EACCES: { code: "denied", say: "no access to" },
  EPERM: { code: "denied", say: "no access to" },
  EROFS: { code: "denied", say: "read-only file system at" },
  EEXIST: { code: "exists", say: "already there:" },
  ENOTEMPTY: { code: "exists", say: "not empty:" },
  ENOSPC: { code: "no-space", say: "no space left for", hint: "free space on that file system" },
  EDQUOT: { code: "no-space", say: "quota used up for", hint: "free space on that file system" },
};

/** A system error of the file at `path` as a ClouderError; anything unknown is given back as it is. */
export function fileError(error: unknown, path: string): unknown {
  const system = (error as { code?: unknown } | null)?.code;
  const known = typeof system === "string" ? codes[system] : undefined;
  if (known === undefined) return error;
  return new ClouderError(known.code, `${known.say} ${path}`, {
    cause: error,
    ...(known.hint === undefined ? {} : { hint: known.hint }),
  });
}
