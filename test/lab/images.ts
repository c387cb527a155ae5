import { chmod, copyFile, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { CachedPart } from "./cache.ts";
import { writeDockerArchive, type ImageSettings } from "./docker-archive.ts";
import { moduleFolder } from "./go-build.ts";
import { outputOf, runProgram } from "./run-program.ts";
import { debian, flannelImage, imagesOfKubernetes, testImages, versions } from "./versions.ts";

/** Folders of the parts that images are made of. */
export interface ImageSources {
  /** Of Kubernetes, without the leading v. */
  readonly version: string;
  readonly kubernetes: string;
  readonly etcd: string;
  readonly etcdctl: string;
  readonly etcdutl: string;
  readonly coredns: string;
  readonly flannel: string;
  readonly packages: string;
}

interface ImageRecipe extends ImageSettings {
  readonly on: "all" | "control-plane";
  /** Sets of Debian packages whose files make the ground. */
  readonly packageSets?: readonly ("busybox" | "network" | "python")[];
  /** Path in the image → file on this host. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The images by file name, with everything the bundle says about them. */
export function imageRecipes(from: ImageSources): Readonly<Record<string, ImageRecipe>> {
  const program = (folder: string, name: string, at = `/usr/local/bin/${name}`) => ({
    files: { [at]: join(folder, name) },
    entrypoint: [at],
  });
  const plane = "control-plane";
  const kubernetesImages = imagesOfKubernetes(from.version);
  return {
    "kube-apiserver.tar": {
      names: [kubernetesImages.apiserver],
      on: plane,
      ...program(from.kubernetes, "kube-apiserver"),
    },
    "kube-controller-manager.tar": {
      names: [kubernetesImages.controllerManager],
      on: plane,
      ...program(from.kubernetes, "kube-controller-manager"),
    },
    "kube-scheduler.tar": {
      names: [kubernetesImages.scheduler],
      on: plane,
      ...program(from.kubernetes, "kube-scheduler"),
    },
    "kube-proxy.tar": {
      names: [kubernetesImages.proxy],
      on: "all",
      packageSets: ["network"],
      ...program(from.kubernetes, "kube-proxy"),
    },
    "etcd.tar": {
      names: [kubernetesImages.etcd],
      on: plane,
      files: Object.fromEntries(
        (["etcd", "etcdctl", "etcdutl"] as const).map((name) => [
          `/usr/local/bin/${name}`,
          join(from[name], name),
        ]),
      ),
      entrypoint: ["/usr/local/bin/etcd"],
    },
    "coredns.tar": {
      names: [kubernetesImages.coredns],
      on: "all",
      ...program(from.coredns, "coredns", "/coredns"),
    },
    "pause.tar": { names: [kubernetesImages.pause], on: "all", entrypoint: ["/pause"] },
    "flannel.tar": {
      names: [flannelImage],
      on: "all",
      packageSets: ["busybox", "network"],
      files: {
        "/opt/bin/flanneld": join(from.flannel, "flanneld"),
        "/opt/bin/write-cni-config": join(import.meta.dirname, "write-cni-config.sh"),
      },
      entrypoint: ["/opt/bin/flanneld"],
    },
    "busybox.tar": {
      names: [testImages.busybox],
      on: "all",
      packageSets: ["busybox"],
      entrypoint: [],
      command: ["/bin/sh"],
    },
    "python.tar": {
      names: [testImages.python],
      on: "all",
      packageSets: ["busybox", "python"],
      entrypoint: [],
      command: ["python3"],
    },
  };
}

/** All images as docker-archive files, one folder. */
export function images(from: ImageSources): CachedPart {
  const inputs = Object.values(from).map((folder: string) => basename(folder));
  const ours = ["docker-archive.ts", "write-cni-config.sh", "versions.ts"];
  return {
    name: "images",
    title: "container images",
    expected: "about 1 minute",
    inputs,
    recipe: [import.meta.filename, ...ours.map((name) => join(import.meta.dirname, name))],
    build: async (folder) => {
      for (const [file, image] of Object.entries(imageRecipes(from))) {
        const root = join(folder, "root");
        await makeGround(root, from.packages, image.packageSets ?? []);
        for (const [path, source] of Object.entries(image.files ?? {})) {
          await mkdir(dirname(join(root, path)), { recursive: true });
          await copyFile(source, join(root, path));
          await chmod(join(root, path), 0o755);
        }
        if (file === "pause.tar") await compilePause(join(root, "pause"));
        await writeDockerArchive(root, join(folder, file), image);
        await rm(root, { recursive: true });
      }
    },
  };
}

async function makeGround(root: string, packages: string, sets: readonly string[]): Promise<void> {
  for (const name of [
    "etc/ssl/certs",
    "home",
    "root",
    "tmp",
    "run",
    "var/lib",
    "var/tmp",
    "usr/bin",
    "usr/sbin",
    "usr/lib",
    "usr/lib64",
  ]) {
    await mkdir(join(root, name), { recursive: true });
  }
  for (const name of ["tmp", "var/tmp"]) await chmod(join(root, name), 0o1777);
  await chmod(join(root, "root"), 0o700);
  for (const name of ["bin", "lib", "lib64", "sbin"])
    await symlink(`usr/${name}`, join(root, name));
  await writeFile(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
  );
  if (sets.length > 0) await writeFile(join(root, "etc/debian_version"), `${debian.os.slice(7)}\n`);
  await writeFile(join(root, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
  for (const set of sets) {
    for (const file of await readdir(join(packages, set))) {
      // Only files: an image needs no package database and runs no maintainer script.
      if (!skipped.test(file)) await unpack(join(packages, set, file), root);
    }
  }
  await removeUnused(root);
  if (sets.includes("busybox")) await linkBusybox(root);
  if (sets.includes("network")) await linkIptables(root);
}

/** Documentation, and the C library's converters of old character sets. */
async function removeUnused(root: string): Promise<void> {
  const libraries = (await readdir(join(root, "usr/lib"))).map((name) => `usr/lib/${name}/gconv`);
  for (const path of ["usr/share", ...libraries]) {
    await rm(join(root, path), { recursive: true, force: true });
  }
}

/** Dependencies of maintainer scripts only. */
const skipped = /^(debconf|perl-base|tzdata|base-files|dpkg|tar|debianutils)_/;

async function unpack(file: string, root: string): Promise<void> {
  // --keep-directory-symlink: packages that still ship /lib/… land behind the link.
  await runProgram([
    "sh",
    "-ec",
    'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"',
    "sh",
    file,
    root,
  ]);
}

async function linkBusybox(root: string): Promise<void> {
  const applets = await outputOf([join(root, "usr/bin/busybox"), "--list"]);
  const present = new Set([
    ...(await readdir(join(root, "usr/bin"))),
    ...(await readdir(join(root, "usr/sbin"))),
  ]);
  for (const applet of applets.trim().split("\n")) {
    if (!present.has(applet)) await symlink("busybox", join(root, "usr/bin", applet));
  }
}

/** Debian links these by update-alternatives, in maintainer scripts. */
async function linkIptables(root: string): Promise<void> {
  for (const family of ["iptables", "ip6tables"]) {
    for (const end of ["", "-save", "-restore"]) {
      await rm(join(root, "usr/sbin", family + end), { force: true });
      await symlink("xtables-nft-multi", join(root, "usr/sbin", family + end));
    }
  }
}

async function compilePause(target: string): Promise<void> {
  const module = await moduleFolder("k8s.io/kubernetes", `v${versions.kubernetes}`);
  const source = join(module, "build/pause/linux/pause.c");
  await runProgram([
    "gcc",
    "-Os",
    "-Wall",
    "-static",
    "-s",
    `-DVERSION=${versions.pause}`,
    "-o",
    target,
    source,
  ]);
}
