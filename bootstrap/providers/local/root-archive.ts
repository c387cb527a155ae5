import { access } from "node:fs/promises";
import type { LocalSettings } from "./settings.ts";
import { openBundle } from "#bootstrap/bundle/load";
import type { PackageSource } from "#bootstrap/spec/cluster-spec";
import { ClouderError } from "#core/error";

/**
 * Where the tar of the machines' root file system comes from; a bundle's is checked by its digest when
 * it is asked for. Fails where there is none.
 */
export async function rootArchive(
  packages: PackageSource,
  { root }: LocalSettings,
): Promise<() => Promise<string>> {
  if (root !== undefined) {
    await access(root).catch((error: unknown) => {
      throw new ClouderError("config", `cannot read spec.provider.settings.root ${root}`, {
        hint: "name a tar of a Debian or Ubuntu root file system that is there",
        cause: error,
      });
    });
    return () => Promise.resolve(root);
  }
  const hint =
    "name a tar of one in spec.provider.settings.root, use a bundle that has one, or --provider ssh";
  if (packages.kind !== "bundle") {
    throw new ClouderError(
      "config",
      `${packages.kind} packages have no root file system for machines`,
      {
        hint,
      },
    );
  }
  const bundle = await openBundle(packages.folder);
  const image = bundle.bundle.files.find(({ kind }) => kind === "machine-root");
  if (image) return () => bundle.verified(image);
  throw new ClouderError("unsupported", `the bundle ${bundle.folder} has no machine root`, {
    hint,
  });
}
