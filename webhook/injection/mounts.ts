import { posix } from "node:path";
import type { Volume, VolumeMount } from "#webhook/api/types";
import { settle } from "#webhook/injection/conflicts";
import type { Slot } from "#webhook/injection/containers";
import type { Draft } from "#webhook/injection/draft";
import { chosenSlots, note, noteNoContainer } from "#webhook/injection/draft";
import { listOf } from "#webhook/injection/list-change";
import { sameButName, sameContent } from "#webhook/injection/same";
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

/** What a mount mounts. */
export interface Mounted {
  readonly volume: Volume | undefined;
  /** What it is called in the pod; several when the pod has it several times. */
  readonly names: readonly string[];
}

export interface WishedVolume extends Mounted {
  readonly volume: Volume;
}

/**
 * A mount of a volume by its name: the first wished volume of the name, else the pod's own. Run when
 * the volumes of all wishes are known.
 */
export function wishMount(draft: Draft, wish: Wish, mount: VolumeMount): void {
  const mounted = wishedVolume(draft, mount.name) ?? ownVolume(draft, mount.name);
  const place = placeOf(mount.mountPath, draft.windows);
  if (mounted.volume === undefined) {
    note(draft, wish, `mount ${place}`, "skipped", `the pod has no volume ${mount.name}`);
    return;
  }
  const slots = chosenSlots(draft, wish.containers);
  if (slots.length === 0) noteNoContainer(draft, wish, `mount ${place}`);
  const [name = mount.name] = mounted.names;
  for (const slot of slots) settleMount(draft, wish, slot, { ...mount, name }, mounted);
}

/** The first wished volume of the name that is in the pod, be it because another wish brings it. */
function wishedVolume(draft: Draft, name: string): Mounted | undefined {
  for (const { volume, names } of draft.wished.get(name) ?? []) {
    const found = names.length > 0 || isPrivate(volume) ? names : namesOf(draft, volume);
    if (found.length > 0) return { volume, names: found };
  }
  return undefined;
}

/** What volumes of the content are called in the pod and the draft. */
export function namesOf(draft: Draft, volume: Volume): readonly string[] {
  return [...listOf<Volume>(draft.pod.spec.volumes), ...draft.volumes.last]
    .filter((other) => sameButName(other, volume))
    .map(({ name }) => name);
}

/** One mount in one container; true when the container gets it. */
export function settleMount(
  draft: Draft,
  wish: Wish,
  slot: Slot,
  mount: VolumeMount,
  mounted: Mounted,
): boolean {
  const place = placeOf(mount.mountPath, draft.windows);
  const mounts = listOf(slot.container.volumeMounts);
  const index = mounts.findIndex((other) => placeOf(other.mountPath, draft.windows) === place);
  const own = mounts[index];
  const device = own === undefined && hasDevice(draft, slot, place);
  const verdict = settle<Meant>(draft, wish, {
    where: `${slot.where} mount ${place}`,
    wanted: { ...mounted, mount },
    own: device ? blockDevice : own && { ...ownVolume(draft, own.name), mount: own },
    same: sameMount,
    owner: "container",
    fixed: device
      ? "a block device is there"
      : place === tokenPath
        ? "the ServiceAccount's token is there"
        : undefined,
  });
  if (verdict === "replace") slot.mounts.replaced.push([index, mount]);
  if (verdict === "add") slot.mounts.last.push(mount);
  return verdict !== undefined;
}

interface Meant extends Mounted {
  readonly mount: VolumeMount;
}

const blockDevice: Meant = { volume: undefined, names: [], mount: { name: "", mountPath: "" } };

function ownVolume({ pod }: Draft, name: string): Mounted {
  const volume = listOf<Volume>(pod.spec.volumes).find((other) => other.name === name);
  return { volume, names: [name] };
}

function hasDevice(draft: Draft, { container }: Slot, place: string): boolean {
  const devices = container["volumeDevices"] as readonly { devicePath: string }[] | undefined;
  return listOf(devices).some(({ devicePath }) => placeOf(devicePath, draft.windows) === place);
}

function sameMount(a: Meant, b: Meant): boolean {
  return sameVolume(a, b) && sameWay(a.mount, b.mount);
}

function sameVolume(a: Mounted, b: Mounted): boolean {
  if (a.volume === undefined || b.volume === undefined) return false;
  if (a.volume !== b.volume && !sameButName(a.volume, b.volume)) return false;
  return !isPrivate(a.volume) || a.names.some((name) => b.names.includes(name));
}

/** Everything but the volume's name and the spelling of the path. */
function sameWay(a: VolumeMount, b: VolumeMount): boolean {
  return sameContent({ ...a, name: "", mountPath: "" }, { ...b, name: "", mountPath: "" });
}

/**
 * Each such volume is a thing of its own: equal content does not make two of them one. (A volume
 * without a source is an emptyDir.)
 */
export function isPrivate(volume: Volume): boolean {
  for (const key in volume) {
    if (key !== "name") return key === "emptyDir" || key === "ephemeral" || key === "csi";
  }
  return true;
}
