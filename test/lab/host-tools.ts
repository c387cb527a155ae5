import { ClouderError } from "#core/error";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { runProgram } from "./run-program.ts";

/** Programs the lab needs on this host, and the Debian packages that have them. */
const packages: Readonly<Record<string, string>> = {
  debootstrap: "debootstrap",
  "dpkg-deb": "dpkg",
  flock: "util-linux",
  gcc: "gcc",
  setpriv: "util-linux",
  tar: "tar",
  unshare: "util-linux",
  zstd: "zstd",
};

/** Files that come in packages of their own: gcc's headers, and Debian's keys on other distributions. */
const files: Readonly<Record<string, string>> = {
  "/usr/include/stdio.h": "libc6-dev",
  "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
};

/** Installs by apt what is missing of the programs above, says so, and checks for root. */
export async function ensureHostTools(say: (line: string) => void): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new ClouderError("denied", "the lab is built as root: it makes root file systems", {
      hint: "run it with sudo",
    });
  }
  const missing = new Set<string>();
  for (const [program, name] of Object.entries(packages)) {
    if (!onPath(program)) missing.add(name);
  }
  for (const [file, name] of Object.entries(files)) {
    if (!existsSync(file)) missing.add(name);
  }
  if (missing.size > 0) await install([...missing], say);
}

/** Installs by apt what is missing of some programs that only parts of the lab need. */
export async function ensurePrograms(
  names: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  const missing = names.filter((name) => !onPath(name));
  if (missing.length > 0) await install(missing, say);
}

/** Fails when there is no Go on this host; all that the programs built without a root need. */
export function ensureGo(): void {
  if (onPath("go")) return;
  throw new ClouderError("not-found", "go is not on PATH", {
    hint: "install Go 1.21 or later; it fetches the toolchain it needs by itself",
  });
}

/** Installs Debian packages on this host, and says so. */
export async function install(
  names: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  say(`installing on this host with apt-get: ${names.join(" ")}`);
  const environment = { DEBIAN_FRONTEND: "noninteractive" };
  const argv = ["apt-get", "install", "-y", "-q", "--no-install-recommends", ...names] as const;
  try {
    await runProgram(argv, { environment });
  } catch {
    await runProgram(["apt-get", "update", "-q"], { environment });
    await runProgram(argv, { environment });
  }
}

function onPath(program: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => folder !== "" && existsSync(join(folder, program)));
}
