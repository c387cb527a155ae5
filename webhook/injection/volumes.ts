import { createHash } from "node:crypto";
import type { Volume, VolumeMount } from "#webhook/api/types";
import { settle } from "#webhook/injection/conflicts";
import type { Slot } from "#webhook/injection/containers";
import type { Draft } from "#webhook/injection/draft";
import { chosenSlots, note, noteNoContainer } from "#webhook/injection/draft";
import { listOf } from "#webhook/injection/list-change";
import { placeOf, settleMount } from "#webhook/injection/mounts";
import { sameButName } from "#webhook/injection/same";
import type { Wish } from "#webhook/injection/wish";

/**
 * A volume and its mounts. Volumes are known by their content, not by their name: what is there
 * already under another name is mounted from there, and where the name belongs to something else the
 * volume gets another one, derived from its content. It is added only when a container mounts it.
 */
export function wishVolume(
  draft: Draft,
  wish: Wish,
  volume: Volume,
  mounts: readonly VolumeMount[],
): void {
  const slots = mounts.length === 0 ? [] : chosenSlots(draft, wish.containers);
  if (mounts.length > 0 && slots.length === 0) {
    noteNoContainer(draft, wish, `volumes/${volume.name}`);
    return;
  }
  const names = sameVolumes(draft, volume, slots, mounts);
  const [found] = names;
  if (found !== undefined) {
    note(draft, wish, `volumes/${found}`, "present");
    mountAll(draft, wish, slots, named(mounts, found), names);
    return;
  }
  const name = newName(draft, wish, volume, mounts.length > 0);
  if (name === undefined) return;
  const placed = mountAll(draft, wish, slots, named(mounts, name), [name]);
  if (!placed && mounts.length > 0) return;
  draft.volumes.last.push(name === volume.name ? volume : { ...volume, name });
  note(draft, wish, `volumes/${name}`, "injected");
}

function named(mounts: readonly VolumeMount[], name: string): readonly VolumeMount[] {
  return mounts.map((mount) => (mount.name === name ? mount : { ...mount, name }));
}

function mountAll(
  draft: Draft,
  wish: Wish,
  slots: readonly Slot[],
  mounts: readonly VolumeMount[],
  names: readonly string[],
): boolean {
  let placed = false;
  for (const slot of slots) {
    for (const mount of mounts) placed = settleMount(draft, wish, slot, mount, names) || placed;
  }
  return placed;
}

/** Names, in the pod or the draft, of volumes that hold the same. */
function sameVolumes(
  draft: Draft,
  volume: Volume,
  slots: readonly Slot[],
  mounts: readonly VolumeMount[],
): readonly string[] {
  const named = isPrivate(volume) || (mounts.length === 0 && isMounted(draft, volume.name));
  const names = [...listOf(draft.pod.spec.volumes), ...draft.volumes.last]
    .filter((other) => sameButName(other, volume) && (!named || isNamedFor(other, volume)))
    .map(({ name }) => name);
  return names.length === 0 && isPrivate(volume)
    ? mountedAlike(draft, volume, slots, mounts)
    : names;
}

/** Has it the volume's own name, or the one that the volume gets where its own is taken? */
function isNamedFor({ name }: Volume, volume: Volume): boolean {
  return name === volume.name || (name.startsWith(stemOf(volume)) && name === hashedName(volume));
}

/**
 * Each such volume is a thing of its own: equal content does not make two of them one. (A volume
 * without a source is an emptyDir.)
 */
function isPrivate(volume: Volume): boolean {
  for (const key in volume) {
    if (key !== "name") return key === "emptyDir" || key === "ephemeral" || key === "csi";
  }
  return true;
}

/** Private volumes that another webhook has renamed are known by where they are mounted. */
function mountedAlike(
  draft: Draft,
  volume: Volume,
  slots: readonly Slot[],
  mounts: readonly VolumeMount[],
): readonly string[] {
  const places = new Set(mounts.map((mount) => placeOf(mount.mountPath, draft.windows)));
  const names = new Set<string>();
  for (const { container } of slots) {
    for (const { name, mountPath } of listOf(container.volumeMounts)) {
      if (places.has(placeOf(mountPath, draft.windows))) names.add(name);
    }
  }
  return listOf(draft.pod.spec.volumes)
    .filter((other) => names.has(other.name) && sameButName(other, volume))
    .map(({ name }) => name);
}

/** Do containers of the pod refer to the name already, hoping for the volume? */
function isMounted(draft: Draft, name: string): boolean {
  return draft.slots.some(({ container }) =>
    listOf(container.volumeMounts).some((mount) => mount.name === name),
  );
}

/** A name for a new volume; undefined when its own is taken and no other will do. */
function newName(draft: Draft, wish: Wish, volume: Volume, renamable: boolean): string | undefined {
  const taken = byName(draft, volume.name);
  if (taken === undefined) return volume.name;
  if (renamable && wish.mergeMode === "Priority") {
    let name = hashedName(volume);
    for (let turn = 2; byName(draft, name) !== undefined; turn++) {
      name = hashedName({ ...volume, turn });
    }
    return name;
  }
  settle<Volume>(draft, wish, {
    where: `volumes/${volume.name}`,
    wanted: volume,
    own: taken,
    same: sameButName,
    owner: "pod",
    fixed: "the pod has another volume of the name",
  });
  return undefined;
}

function byName(draft: Draft, name: string): Volume | undefined {
  const isNamed = (volume: Volume) => volume.name === name;
  return listOf<Volume>(draft.pod.spec.volumes).find(isNamed) ?? draft.volumes.last.find(isNamed);
}

function stemOf({ name }: Volume): string {
  return name.slice(0, 54);
}

/** Depends on name and content only, so that every call for every pod gives the same. */
function hashedName(volume: Volume): string {
  const digest = createHash("sha256").update(canonical(volume)).digest("hex");
  return `${stemOf(volume)}-${digest.slice(0, 8)}`;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, child: unknown) =>
    typeof child === "object" && child !== null && !Array.isArray(child)
      ? Object.fromEntries(Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1)))
      : child,
  );
}
