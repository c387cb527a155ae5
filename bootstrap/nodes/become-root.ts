import type { RunOnNode } from "#bootstrap/nodes/node-files";
import type { SshAddress } from "#bootstrap/nodes/node-access";
import { ClouderError, hasCode } from "#core/error";

/** How commands become root's: what stands before them, and what sudo reads before they do. */
export interface Root {
  readonly prefix: readonly string[];
  readonly firstLine?: string;
}

/**
 * Finds out how the user becomes root: as root itself, by sudo without a password, or with one that
 * is asked for. A cached password is never relied on: sudo would leave ours to the command.
 */
export async function becomeRoot(host: string, address: SshAddress, run: RunOnNode): Promise<Root> {
  if (address.user === "root") return { prefix: [] };
  const plain = ["sudo", "-k", "-n", "--"];
  const tried = await run([...plain, "true"], { allowFailure: true });
  if (tried.status === 0) return { prefix: ["sudo", "-n", "--"] };
  if (!tried.stderr.includes("password") || !address.askSecret) {
    throw sudoRefused(host, tried.stderr);
  }
  const asked = address.askSecret("sudo-password", `${address.user} on ${host}`);
  const password = await asked.catch((error: unknown) => {
    throw hasCode(error, "unauthenticated") ? sudoRefused(host, tried.stderr) : error;
  });
  const prefix = ["sudo", "-k", "-S", "-p", "", "--"];
  const { status, stderr } = await run([...prefix, "true"], {
    allowFailure: true,
    firstLine: password,
  });
  if (status === 0) return { prefix, firstLine: password };
  if (/try again|incorrect password|no password was provided/.test(stderr)) {
    throw new ClouderError("unauthenticated", `sudo on ${host} does not take this password`, {
      hint: `it is the password of ${address.user} there, the same on all machines`,
    });
  }
  throw sudoRefused(host, stderr);
}

/** The error of a machine where the user may not become root. */
export function sudoRefused(host: string, stderr: string): ClouderError {
  const said = stderr
    .trim()
    .split("\n")
    .find((line) => /sudo|sudoers/.test(line));
  return new ClouderError("denied", `sudo on ${host} refuses: ${said ?? "it is not there"}`, {
    hint:
      "pipe the password in with --sudo-password-stdin, let the user run sudo without one there " +
      "(NOPASSWD), or log in as root",
  });
}
