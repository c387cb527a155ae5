import { ClouderError } from "#core/error";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CachedPart } from "./cache.ts";
import { outputOf, runProgram } from "./run-program.ts";
import { debian } from "./versions.ts";

/** A plain Debian server as a folder `root`: the ground of node packages, images and machines. */
export const debianServer: CachedPart = {
  name: "debian-server",
  title: `Debian ${debian.release} root`,
  expected: "about 2 minutes",
  inputs: [debian.release, debian.newerRelease, debian.server],
  recipe: [import.meta.filename],
  build: async (folder) => {
    const root = join(folder, "root");
    const mirror = await hostMirror();
    await isolated([
      "debootstrap",
      "--variant=minbase",
      `--include=${debian.server.join(",")}`,
      debian.release,
      root,
      ...(mirror === undefined ? [] : [mirror]),
    ]);
    // debootstrap copies these from the host.
    for (const file of ["etc/resolv.conf", "etc/hostname"])
      await rm(join(root, file), { force: true });
    await addNewerRelease(root);
    await inRoot(root, "apt-get -q update -o Acquire::Check-Valid-Until=false");
  },
};

/** The Debian mirror this host installs from, or undefined on a host that is not Debian. */
async function hostMirror(): Promise<string | undefined> {
  const format = "$(REPO_URI) $(ORIGIN) $(LABEL)";
  const argv = ["apt-get", "indextargets", "--format", format, "Created-By: Packages"] as const;
  return mirrorOf(await outputOf(argv));
}

/** The first archive in apt's list that is Debian itself. */
export function mirrorOf(indexTargets: string): string | undefined {
  const rows = indexTargets.split("\n").map((line) => line.split(" "));
  return rows.find(([, origin, label]) => origin === "Debian" && label === "Debian")?.[0];
}

/** Makes the newer release known to apt, for packages that are asked for by release only. */
async function addNewerRelease(root: string): Promise<void> {
  const sources = await outputOf(["cat", join(root, "etc/apt/sources.list")]);
  const mirror = /^deb (\S+) /m.exec(sources)?.[1];
  if (mirror === undefined) {
    throw new ClouderError("internal", `no mirror in debootstrap's sources.list: ${sources}`);
  }
  const apt = join(root, "etc/apt");
  await writeFile(
    join(apt, "sources.list.d", `${debian.newerRelease}.list`),
    `deb ${mirror} ${debian.newerRelease} main\n`,
  );
  await writeFile(
    join(apt, "preferences.d", debian.newerRelease),
    `Package: *\nPin: release n=${debian.newerRelease}\nPin-Priority: 100\n`,
  );
}

/** Copies a root, sharing blocks where the file system can. */
export async function copyRoot(from: string, to: string): Promise<void> {
  await runProgram(["cp", "-a", "--reflink=auto", from, to]);
}

/** Runs a shell script inside a root, with this host's name resolution but without leaving a trace of it. */
export async function inRoot(root: string, script: string): Promise<string> {
  const resolv = join(root, "etc/resolv.conf");
  await mkdir(join(root, "proc"), { recursive: true });
  await writeFile(resolv, "");
  try {
    return await isolated([
      "sh",
      "-ec",
      'mount -t proc proc "$1/proc"; mount --bind /etc/resolv.conf "$1/etc/resolv.conf"; exec chroot "$1" sh -ec "$2"',
      "sh",
      root,
      script,
    ]);
  } finally {
    await rm(resolv, { force: true });
  }
}

/** Runs in mount and process namespaces of its own: nothing stays mounted or running, whoever is killed. */
async function isolated(argv: readonly string[]): Promise<string> {
  return await outputOf(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--", ...argv], {
    environment: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
  });
}
