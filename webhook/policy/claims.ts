import type { HomeItem, Mount, Volume } from "#webhook/api/types";
import type { WishPart, WishSource } from "#webhook/injection/wish";
import type { WantedClaim } from "#webhook/policy/request";
import { volumeName } from "#webhook/policy/volume-name";

export const defaultClaimName = "home-{user}";

/** The wish for a home and, unless it lies in a shared claim, the claim to be made; all filled in. */
export function homePart(home: HomeItem): WishPart {
  const claimName = home.shared?.claimName ?? home.claim?.name ?? "";
  const source = { persistentVolumeClaim: { claimName } };
  const volume: Volume = { name: volumeName("home", source), ...source };
  const mounts = home.mounts.map((mount) => ({
    ...mount,
    ...subPathOf(mount, home.shared?.subPath),
    name: volume.name,
  }));
  return { kind: "volume", volume, mounts };
}

function subPathOf(mount: Mount, folder: string | undefined): { subPath?: string } {
  const parts = [folder, mount.subPath].filter((part) => part !== undefined && part !== "");
  return parts.length > 0 ? { subPath: parts.join("/") } : {};
}

/** The claim that a home item asks for; undefined for a shared one, which exists. */
export function wantedClaim(
  home: HomeItem,
  source: WishSource,
  namespace: string,
  user: string | undefined,
): WantedClaim | undefined {
  const { claim } = home;
  if (!claim || user === undefined) return undefined;
  return {
    policy: source.policy,
    item: source.item,
    namespace,
    name: claim.name ?? "",
    user,
    size: claim.size,
    accessModes: claim.accessModes ?? ["ReadWriteOnce"],
    deletion: claim.deletion ?? "Retain",
    ...(claim.storageClassName === undefined ? {} : { storageClassName: claim.storageClassName }),
  };
}
