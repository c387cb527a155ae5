import type { PackageDriver, Packages } from "#bootstrap/packages/packages";
import type { PackageSource } from "#bootstrap/spec/cluster-spec";
import { loadDriver, type Registry } from "#core/registry";

type DriverOf<K extends PackageSource["kind"]> = PackageDriver<Extract<PackageSource, { kind: K }>>;

/** Where nodes get software. */
const packageDrivers = {
  bundle: {
    title: "an offline bundle",
    load: async () => (await import("#bootstrap/bundle/driver")).bundleDriver,
  },
  online: {
    title: "the vendors' repositories and registries",
    load: async () => (await import("#bootstrap/packages/online")).onlineDriver,
  },
  mirror: {
    title: "copies of the vendors' repositories and registries",
    load: async () => (await import("#bootstrap/packages/mirror")).mirrorDriver,
  },
} as const satisfies { readonly [K in PackageSource["kind"]]: Registry<DriverOf<K>>[string] };

/** Opens a cluster's source of packages. */
export async function openPackages(source: PackageSource): Promise<Packages> {
  // A driver is given only sources of its own kind.
  const drivers = packageDrivers as unknown as Registry<PackageDriver>;
  const driver = await loadDriver(drivers, "package source", source.kind);
  return await driver.open(source);
}
