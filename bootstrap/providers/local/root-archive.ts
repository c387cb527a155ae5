import type { LocalSettings } from "./settings.ts";
import { openBundle } from "#bootstrap/bundle/load";
import type { PackageSource } from "#bootstrap/spec/cluster-spec";
import { ClouderError } from "#core/error";

/** Gives the tar of the machines' root file system, checked where a bundle has its digest. */
export async function rootArchive(
  packages: PackageSource,
  { root }: LocalSettings,
): Promise<() => Promise<string>> {
  if (root !== undefined) return () => Promise.resolve(root);
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
