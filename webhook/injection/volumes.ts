import { createHash } from "node:crypto";
import type { Volume, VolumeMount } from "#webhook/api/types";
import { settle } from "#webhook/injection/conflicts";
import type { Slot } from "#webhook/injection/containers";
import type { Draft } from "#webhook/injection/draft";
import { chosenSlots, note, noteNoContainer } from "#webhook/injection/draft";
import { listOf } from "#webhook/injection/list-change";
import type { Mounted, WishedVolume } from "#webhook/injection/mounts";
import { isPrivate, namesOf, placeOf, settleMount } from "#webhook/injection/mounts";
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
  const slots = chosenSlots(draft, wish.containers);
  if (mounts.length > 0 && slots.length === 0) {
    noteNoContainer(draft, wish, `volumes/${volume.name}`);
    return;
  }
  putVolume(draft, wish, volume, { slots, mounts });
}

function putVolume(
  draft: Draft,
  wish: Wish,
  volume: Volume,
  { slots, mounts }: { slots: readonly Slot[]; mounts: readonly VolumeMount[] },
): void {
  const known = sameVolumes(draft, volume, slots, mounts);
  const name = known[0] ?? newName(draft, wish, volume);
  if (name === undefined) return;
  const mounted = { volume, names: known[0] === undefined ? [name] : known };
  const named = mounts.map((mount) => ({ ...mount, name }));
  const placed = mountAll(draft, wish, slots, named, mounted);
  const isNew = known.length === 0;
  remember(draft, isNew && !placed ? { volume, names: [] } : mounted);
  if (isNew && !placed) return;
  if (isNew) draft.volumes.last.push(name === volume.name ? volume : { ...volume, name });
  note(draft, wish, `volumes/${name}`, isNew ? "injected" : "present");
}

/** For mounts that go by the volume's name. */
function remember({ wished }: Draft, mounted: WishedVolume): void {
  const { name } = mounted.volume;
  const list = wished.get(name);
  if (list === undefined) wished.set(name, [mounted]);
  else list.push(mounted);
}

function mountAll(
  draft: Draft,
  wish: Wish,
  slots: readonly Slot[],
  mounts: readonly VolumeMount[],
  mounted: Mounted,
): boolean {
  let placed = mounts.length === 0;
  for (const slot of slots) {
    for (const mount of mounts) placed = settleMount(draft, wish, slot, mount, mounted) || placed;
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
  const alike = namesOf(draft, volume);
  if (!isPrivate(volume)) {
    const needsName = mounts.length === 0 && isMissing(draft, volume.name);
    return needsName ? alike.filter((name) => name === volume.name) : alike;
  }
  const wished = draft.wished.get(volume.name) ?? [];
  const earlier = wished.find((other) => sameButName(other.volume, volume));
  if (earlier?.names.length) return earlier.names;
  const free = alike.filter((name) => !isOthers(draft, volume, name));
  const named = free.filter((name) => isNameFor(name, volume));
  return named.length > 0 ? named : mountedAlike(draft, free, slots, mounts);
}

/** Has it the volume's own name, or the one that the volume gets where its own is taken? */
function isNameFor(name: string, volume: Volume): boolean {
  return name === volume.name || (name.startsWith(stemOf(volume)) && name === hashedName(volume));
}

/** Private volumes that another webhook has renamed are known by where they are mounted. */
function mountedAlike(
  draft: Draft,
  alike: readonly string[],
  slots: readonly Slot[],
  mounts: readonly VolumeMount[],
): readonly string[] {
  if (alike.length === 0) return alike;
  const places = new Set(mounts.map((mount) => placeOf(mount.mountPath, draft.windows)));
  const there = new Set<string>();
  for (const { container } of slots) {
    for (const { name, mountPath } of listOf(container.volumeMounts)) {
      if (places.has(placeOf(mountPath, draft.windows))) there.add(name);
    }
  }
  return alike.filter((name) => there.has(name));
}

/** Is it another wish's volume already? */
function isOthers(draft: Draft, { name: own }: Volume, name: string): boolean {
  for (const [key, others] of draft.wished) {
    if (key !== own && others.some(({ names }) => names.includes(name))) return true;
  }
  return false;
}

/** Do containers of the pod mount a volume of the name that the pod does not have? */
function isMissing({ pod, slots }: Draft, name: string): boolean {
  const isNamed = (one: { readonly name: string }) => one.name === name;
  return (
    !listOf(pod.spec.volumes).some(isNamed) &&
    slots.some(({ container }) => listOf(container.volumeMounts).some(isNamed))
  );
}

/** A name for a new volume; undefined when its own is taken and the mode allows no other. */
function newName(draft: Draft, wish: Wish, volume: Volume): string | undefined {
  const taken = byName(draft, volume.name);
  if (taken === undefined) return volume.name;
  if (!isStrict(wish)) {
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

/** Kubeflow's and PodPreset's webhooks refuse a second volume of a name. */
function isStrict({ mergeMode, conflict }: Wish): boolean {
  return mergeMode === "PodPreset" || (mergeMode === "PodDefault" && conflict === "Refuse");
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
