import { posix } from "node:path";
import type { VolumeMount } from "#webhook/api/types";
import { settle } from "#webhook/injection/conflicts";
import type { Slot } from "#webhook/injection/containers";
import type { Draft } from "#webhook/injection/draft";
import { chosenSlots, note, noteNoContainer } from "#webhook/injection/draft";
import { listOf } from "#webhook/injection/list-change";
import { sameContent } from "#webhook/injection/same";
import type { Wish } from "#webhook/injection/wish";

const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Absolute; no empty segment, none that starts with a dot, no slash at the end: nearly all are. */
const isNormal = /^(?:\/[^/.][^/]*)+$/;

/** Two spellings of one place in a container's file system give one path. */
export function placeOf(mountPath: string, windows: boolean): string {
  const path = windows
    ? mountPath
        .replace(/^[a-z]:/i, "")
        .replaceAll("\\", "/")
        .toLowerCase()
    : mountPath;
  if (isNormal.test(path)) return path;
  const normal = posix.normalize(`/${path}`);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

/** Mounts of volumes by their names in the pod; run when every volume of a wish is known. */
export function wishMounts(draft: Draft, wish: Wish, mount: VolumeMount): void {
  const { name } = mount;
  const known = listOf(draft.pod.spec.volumes).some((volume) => volume.name === name);
  const place = placeOf(mount.mountPath, draft.windows);
  if (!known && !draft.volumes.last.some((volume) => volume.name === name)) {
    note(draft, wish, `mount ${place}`, "skipped", `the pod has no volume ${name}`);
    return;
  }
  const slots = chosenSlots(draft, wish.containers);
  if (slots.length === 0) noteNoContainer(draft, wish, `mount ${place}`);
  for (const slot of slots) settleMount(draft, wish, slot, mount, [name]);
}

/**
 * One mount in one container; true when the container gets it. `names` are the pod's names of volumes
 * that are as good as the mount's own.
 */
export function settleMount(
  draft: Draft,
  wish: Wish,
  slot: Slot,
  mount: VolumeMount,
  names: readonly string[],
): boolean {
  const place = placeOf(mount.mountPath, draft.windows);
  const own = listOf(slot.container.volumeMounts);
  const index = own.findIndex((other) => placeOf(other.mountPath, draft.windows) === place);
  const device = index < 0 && hasDevice(draft, slot, place);
  const verdict = settle<VolumeMount>(draft, wish, {
    where: `${slot.where} mount ${place}`,
    wanted: mount,
    own: device ? { name: "", mountPath: place } : own[index],
    same: (a, b) => sameVolume(a.name, b.name, names) && sameWay(a, b),
    owner: "container",
    fixed: device
      ? "a block device is there"
      : place === tokenPath
        ? "the ServiceAccount's token is there"
        : undefined,
  });
  if (verdict === "replace") slot.mounts.replaced.set(index, mount);
  if (verdict === "add") slot.mounts.last.push(mount);
  return verdict !== undefined;
}

function hasDevice(draft: Draft, { container }: Slot, place: string): boolean {
  const devices = container["volumeDevices"] as readonly { devicePath: string }[] | undefined;
  return listOf(devices).some(({ devicePath }) => placeOf(devicePath, draft.windows) === place);
}

function sameVolume(a: string, b: string, names: readonly string[]): boolean {
  return a === b || (names.includes(a) && names.includes(b));
}

/** Everything but the volume's name and the spelling of the path. */
function sameWay(a: VolumeMount, b: VolumeMount): boolean {
  return sameContent({ ...a, name: "", mountPath: "" }, { ...b, name: "", mountPath: "" });
}
