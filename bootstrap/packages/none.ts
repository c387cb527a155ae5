import type { Packages } from "#bootstrap/packages/packages";
import { ClouderError } from "#core/error";

/** Stands in where a plan installs nothing. */
export const noPackages: Packages = {
  kubernetesVersion: "",
  title: "no packages",
  check: wanted,
  checkHost: wanted,
  checkReach: rejected,
  programs: [],
  bringsUnits: false,
  previewInstall: () => [],
  install: rejected,
  previewImages: () => [],
  bringImages: rejected,
  registryFiles: [],
  containerdDigest: rejected,
  pauseImage: rejected,
  flannelManifest: rejected,
  chart: rejected,
};

function wanted(): never {
  throw new ClouderError("internal", "packages are wanted where nothing is installed");
}

function rejected(): Promise<never> {
  return Promise.resolve().then(wanted);
}
