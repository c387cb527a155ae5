import { readFile } from "node:fs/promises";
import type { Chart } from "#bootstrap/addons/addon";
import { bringBundledImages, imagesOf } from "#bootstrap/bundle/bring-images";
import { installBundled } from "#bootstrap/bundle/install";
import { checkBundle, openBundle, type OpenBundle } from "#bootstrap/bundle/load";
import type { HostFacts } from "#bootstrap/nodes/host-facts";
import type { ChartSource, PackageDriver, Packages } from "#bootstrap/packages/packages";
import type { PackageSource } from "#bootstrap/spec/cluster-spec";
import { ClouderError } from "#core/error";

/** Everything comes from a folder on this machine. */
export const bundleDriver: PackageDriver<Extract<PackageSource, { kind: "bundle" }>> = {
  open: async (source) => packagesOf(await openBundle(source.folder)),
};

function packagesOf(open: OpenBundle): Packages {
  const { files, versions } = open.bundle;
  const binaries = files.filter((file) => file.kind === "binary");
  return {
    kubernetesVersion: versions.kubernetes,
    title: `the bundle ${open.folder}`,
    check: (version) => {
      checkBundle(open, version);
    },
    checkHost: (host) => {
      checkHost(open, host);
    },
    checkReach: () => Promise.resolve(),
    programs: binaries.map(({ destination }) => destination),
    bringsUnits: false,
    previewInstall: () => [
      `dpkg -i ${files
        .flatMap((file) => (file.kind === "package" ? [`${file.package}=${file.version}`] : []))
        .join(" ")}`,
      ...binaries.map(({ destination }) => `install ${destination}`),
    ],
    install: (context, wanted) => installBundled(open, context, wanted),
    previewImages: () =>
      imagesOf(open).map(
        ({ names, on }) => `ctr -n k8s.io images import: ${names.join(", ")} (${on})`,
      ),
    bringImages: (context, node) => bringBundledImages(open, context, node),
    registryFiles: [],
    containerdDigest: () =>
      Promise.resolve(
        binaries
          .filter(({ destination }) => destination.startsWith("/usr/local/bin/containerd"))
          .map(({ sha256 }) => sha256)
          .join(" "),
      ),
    pauseImage: () => Promise.resolve(pauseImage(open)),
    flannelManifest: async () => {
      const file = files.find((one) => one.kind === "manifest" && one.name === "flannel");
      if (!file) throw new ClouderError("config", "the bundle has no manifest called flannel");
      return await readFile(await open.verified(file), "utf8");
    },
    chart: (chart) => bundledChart(open, chart),
  };
}

async function bundledChart(open: OpenBundle, { name, version }: Chart): Promise<ChartSource> {
  const charts = open.bundle.files.filter((one) => one.kind === "chart");
  const file = charts.find((one) => one.name === name && one.version === version);
  if (file) return { kind: "file", file: await open.verified(file) };
  const has = charts.map((one) => `${one.name} ${one.version}`).join(", ") || "no charts";
  throw new ClouderError("not-found", `the bundle has no chart ${name} ${version}`, {
    hint: `it has ${has}; build a bundle with it and with its images`,
  });
}

function checkHost({ bundle }: OpenBundle, host: HostFacts): void {
  if (host.architecture !== bundle.architecture) {
    throw new ClouderError(
      "unsupported",
      `${host.name} is ${host.architecture}, the bundle is for ${bundle.architecture}`,
      { hint: "use a bundle for that architecture" },
    );
  }
  const systems = new Set(
    bundle.files.flatMap((file) => (file.kind === "package" ? [file.os] : [])),
  );
  if (!systems.has(host.os)) {
    throw new ClouderError(
      "unsupported",
      `the bundle has no packages for ${host.os} (${host.name})`,
      { hint: `it has packages for ${[...systems].join(", ")}` },
    );
  }
}

/** As the bundle's image carries it. */
function pauseImage({ bundle }: OpenBundle): string {
  for (const file of bundle.files) {
    if (file.kind !== "image") continue;
    const name = file.names.find((one) => one.includes("/pause:"));
    if (name !== undefined) return name;
  }
  return `registry.k8s.io/pause:${bundle.versions.pause}`;
}
