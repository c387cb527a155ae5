import { readFile } from "node:fs/promises";
import type { Origin } from "#bootstrap/packages/apt/repositories";
import { mirroredChart } from "#bootstrap/packages/charts";
import { fromRepositories } from "#bootstrap/packages/from-repositories";
import { mirrorFiles } from "#bootstrap/packages/images/mirror-files";
import type { PackageDriver } from "#bootstrap/packages/packages";
import { upstream } from "#bootstrap/packages/upstream";
import type { PackageSource } from "#bootstrap/spec/cluster-spec";
import { ClouderError } from "#core/error";

type MirrorSource = Extract<PackageSource, { kind: "mirror" }>;

/** Copies of the repositories and of the images, in the vendors' layout, on hosts of the user's. */
export const mirrorDriver: PackageDriver<MirrorSource> = {
  open: async (source) => {
    const authority = source.ca === undefined ? undefined : await readAuthority(source.ca);
    const { fingerprints = {} } = source;
    const at = (name: "kubernetes" | "containerd" | "criu", url: string) => ({
      url: url.replace(/\/+$/, ""),
      fingerprint: fingerprints[name] ?? upstream[name].fingerprint,
    });
    const origin: Origin = {
      kubernetes: at("kubernetes", source.kubernetes),
      containerd: at("containerd", source.containerd),
      criu: at("criu", source.criu ?? upstream.criu.url),
      nvidia: nvidiaOf(source),
      containerdVersion: source.containerdVersion ?? upstream.containerd.series,
      ...(authority !== undefined && { authority }),
    };
    const registryFiles = mirrorFiles(source.registry, authority);
    const title = `the mirror ${source.kubernetes}`;
    return fromRepositories(title, origin, registryFiles, mirroredChart(source));
  },
};

/** What is not mirrored is fetched from NVIDIA. */
function nvidiaOf({ nvidiaDriver, nvidiaToolkit, fingerprints = {} }: MirrorSource) {
  const { driver, toolkit } = upstream.nvidia;
  const own = fingerprints.nvidiaDriver;
  return {
    driver: {
      url: nvidiaDriver?.replace(/\/+$/, "") ?? driver.url,
      ...(own !== undefined && { fingerprint: own }),
    },
    toolkit: {
      url: nvidiaToolkit?.replace(/\/+$/, "") ?? toolkit.url,
      fingerprint: fingerprints.nvidiaToolkit ?? toolkit.fingerprint,
    },
  };
}

async function readAuthority(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new ClouderError("config", `spec.packages.ca: cannot read ${file}`, {
      hint: "give the file of a PEM certificate",
      cause: error,
    });
  });
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new ClouderError("config", `spec.packages.ca: ${file} holds no PEM certificate`, {
    hint: "convert it: openssl x509 -inform der -in FILE -out ca.pem",
  });
}
