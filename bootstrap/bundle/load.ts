import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join, normalize, resolve } from "node:path";
import type { Bundle, BundleFile } from "#bootstrap/bundle/bundle";
import { ClouderError } from "#core/error";

/** A bundle, and the way to its files: no file is used before its digest was checked. */
export interface OpenBundle {
  readonly bundle: Bundle;
  readonly folder: string;
  /** Path of a file of the bundle whose bytes have the digest that bundle.json says. */
  verified(file: BundleFile): Promise<string>;
}

/** Opens a bundle's folder; `config` says what is wrong with it. */
export async function openBundle(folder: string): Promise<OpenBundle> {
  if (folder === "") {
    throw new ClouderError("usage", "no offline bundle is given", {
      hint: "give the folder that holds bundle.json with --bundle DIR",
    });
  }
  const place = resolve(folder);
  const text = await readFile(join(place, "bundle.json"), "utf8").catch((error: unknown) => {
    throw new ClouderError("usage", `there is no bundle in ${place}`, {
      hint: "give the folder that holds bundle.json with --bundle DIR",
      cause: error,
    });
  });
  const bundle = parseBundle(text, place);
  const known = new Map<string, Promise<string>>();
  return {
    bundle,
    folder: place,
    verified: (file) => {
      const path = join(place, file.path);
      const checked = known.get(path) ?? verify(path, file);
      known.set(path, checked);
      return checked;
    },
  };
}

/** Fails with `config` unless the bundle can make a cluster of this Kubernetes version. */
export function checkBundle({ bundle, folder }: OpenBundle, kubernetesVersion: string): void {
  const { kubernetes } = bundle.versions;
  if (kubernetesVersion !== kubernetes) {
    throw new ClouderError(
      "config",
      `the bundle holds Kubernetes ${kubernetes}, not ${kubernetesVersion}`,
      { hint: "leave --kubernetes-version out, or give a bundle of that version" },
    );
  }
  for (const program of ["kubelet", "kubeadm", "kubectl", "containerd", "ctr"]) {
    const path = `/usr/local/bin/${program}`;
    if (!bundle.files.some((file) => file.kind === "binary" && file.destination === path)) {
      throw new ClouderError("config", `the bundle ${folder} has no ${program}`);
    }
  }
}

function parseBundle(text: string, folder: string): Bundle {
  let bundle: Bundle;
  try {
    bundle = JSON.parse(text) as Bundle;
  } catch (error) {
    throw new ClouderError("config", `bundle.json in ${folder} is not JSON`, { cause: error });
  }
  if (
    bundle.kind !== ("Bundle" as string) ||
    bundle.apiVersion !== ("bootstrap.clouder.datalayer.io/v1alpha1" as string)
  ) {
    throw new ClouderError("unsupported", `bundle.json in ${folder} is of another format`, {
      hint: "use a bundle built for this version of kubectl-clouder",
    });
  }
  for (const { path, sha256 } of bundle.files) {
    if (
      path.startsWith("/") ||
      normalize(path).startsWith("..") ||
      !/^[0-9a-f]{64}$/.test(sha256)
    ) {
      throw new ClouderError("integrity", `bundle.json in ${folder} has a wrong entry: ${path}`);
    }
  }
  return bundle;
}

async function verify(path: string, file: BundleFile): Promise<string> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw new ClouderError("integrity", `the bundle lacks ${file.path}`, { cause: error });
  });
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
  }
  if (size !== file.bytes || hash.digest("hex") !== file.sha256) {
    throw new ClouderError("integrity", `${file.path} of the bundle is not what bundle.json says`, {
      hint: "copy or build the bundle again",
    });
  }
  return path;
}
