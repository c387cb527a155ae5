import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import { ClouderError } from "#core/error";

/** Versions of those of the packages that are installed. */
export async function installedVersions(
  access: NodeAccess,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await access.run(
    ["dpkg-query", "-W", "-f=${Package} ${db:Status-Abbrev} ${Version}\\n", ...names],
    { allowFailure: true },
  );
  return new Map(
    stdout.split("\n").flatMap((line) => {
      const [name = "", status, version = ""] = line.split(/\s+/);
      return status === "ii" || status === "hi" ? [[name, version] as const] : [];
    }),
  );
}

/** What deleting the cluster may take away again: packages that were not there before us. */
export async function rememberNew(access: NodeAccess, names: readonly string[]): Promise<void> {
  const known = await readStamp(access, "new-packages");
  const added = Object.fromEntries(names.map((name) => [name, "new"]));
  await writeStamp(access, "new-packages", { ...known, ...added });
}

/** True where another program works with the package database just now. */
export function isLocked(stderr: string): boolean {
  return /lock.*another process|could not get lock|unable to (acquire|lock)/is.test(stderr);
}

/** The error of a package system that could not do its work. */
export function dpkgFailed(host: string, what: string, stderr: string): ClouderError {
  const lines = stderr.trim().split("\n");
  return new ClouderError(
    "remote-command",
    `${what} on ${host} failed: ${lines.slice(-3).join(" | ")}`,
    {
      hint: "repair the package system of that machine (dpkg --audit), then run the command again",
      details: { host, output: lines.slice(-12) },
    },
  );
}
