import { annotations } from "#checkpoint/api/names";
import type { Checkpoint, ContainerCheckpointSummary } from "#checkpoint/api/types";
import type { Manifest } from "#checkpoint/archive/manifest";
import { secretReferences } from "#checkpoint/engine/secret-references";
import type { PodSpec } from "#kube/objects";
import { describe } from "#plugin/output/describe";
import { table, type Column, type Result } from "#plugin/output/result";
import { age, bytes, duration } from "#plugin/output/units";

/** The longest freeze of a checkpoint's containers. */
function frozen(containers: readonly ContainerCheckpointSummary[] = []): number | undefined {
  const known = containers.flatMap((one) => one.frozenMilliseconds ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** `kubectl`'s long form of a name: works with kubectl get and delete. */
export function checkpointName(checkpoint: Checkpoint): string {
  return `checkpoint.clouder.datalayer.io/${checkpoint.metadata.name}`;
}

/** A list of Checkpoints as table, objects and names. */
export function checkpointList(
  found: readonly Checkpoint[],
  options: { readonly now: number; readonly withNamespace: boolean },
): Result {
  const namespace: Column<Checkpoint>[] = options.withNamespace
    ? [{ title: "namespace", value: (one) => one.metadata.namespace }]
    : [];
  const columns: Column<Checkpoint>[] = [
    ...namespace,
    { title: "id", value: (one) => one.metadata.name },
    { title: "pod", value: (one) => one.spec.podName },
    { title: "phase", value: (one) => phaseOf(one) },
    { title: "size", value: (one) => bytes(one.status?.rawBytes) },
    { title: "stored", value: (one) => bytes(one.status?.storedBytes) },
    { title: "frozen", value: (one) => duration(frozen(one.status?.containers)) },
    { title: "store", value: (one) => one.status?.storeName ?? one.spec.storeName },
    { title: "age", value: (one) => age(one.metadata.creationTimestamp, options.now) },
    { title: "node", wide: true, value: (one) => one.status?.nodeName },
    { title: "location", wide: true, value: (one) => one.status?.location },
  ];
  return {
    object: { apiVersion: "v1", kind: "List", items: found },
    table: table(found, columns, "no checkpoints found"),
    names: found.map(checkpointName),
  };
}

function phaseOf({ metadata, status }: Checkpoint): string {
  return metadata.deletionTimestamp === undefined ? (status?.phase ?? "Pending") : "Deleting";
}

/** Everything about one Checkpoint. */
export function checkpointDetails(checkpoint: Checkpoint): Result {
  const { metadata, spec, status = {} } = checkpoint;
  const text = describe([
    ["id", metadata.name],
    ["namespace", metadata.namespace],
    ["pod", spec.podName],
    ["pod UID", status.podUID ?? spec.podUID],
    ["phase", phaseOf(checkpoint)],
    ["node", status.nodeName],
    ["store", status.storeName ?? spec.storeName],
    ["location", status.location],
    ["started", status.startTime],
    ["completed", status.completionTime],
    ["size", bytes(status.rawBytes)],
    ["stored", bytes(status.storedBytes)],
    ["made on", compatibilityText(status.compatibility)],
    ...errorLines(checkpoint),
    ...(status.containers ?? []).map(
      (one) => [`container ${one.name}`, containerText(one)] as const,
    ),
    ["user", status.user],
    ...(status.sensitive ?? []).map((one) => ["sensitive", one] as const),
    ...(status.hints ?? []).map((hint) => ["hint", hint] as const),
  ]);
  return { object: checkpoint, text, names: [checkpointName(checkpoint)] };
}

function errorLines({ status = {} }: Checkpoint): (readonly [string, string | undefined])[] {
  const { error } = status;
  if (!error) return [];
  return [
    ["error", `${error.message} (${error.code})`],
    ["cure", error.hint],
    ...(error.logLines ?? []).map((line) => ["log", line] as const),
  ];
}

type Facts = Partial<Manifest["compatibility"]>;

function compatibilityText(facts: Facts | undefined): string | undefined {
  if (!facts) return undefined;
  const { architecture, kernel, criuVersion, runtimeVersion, ociRuntimeVersion, cgroupVersion } =
    facts;
  const parts: readonly (readonly [string, string | number | undefined])[] = [
    ["", architecture],
    ["Linux ", kernel],
    ["CRIU ", criuVersion],
    ["", runtimeVersion],
    ["runc ", ociRuntimeVersion],
    ["cgroup v", cgroupVersion],
  ];
  return parts
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}${String(value)}`))
    .join(", ");
}

function containerText(one: ContainerCheckpointSummary): string {
  const parts: readonly (readonly [string, string | undefined])[] = [
    ["", `${bytes(one.rawBytes) ?? "?"}, stored ${bytes(one.storedBytes) ?? "?"}`],
    ["frozen ", duration(one.frozenMilliseconds)],
    ["of that CRIU ", duration(one.criuFrozenMilliseconds)],
    ["call ", duration(one.callMilliseconds)],
    ["written on the node ", bytes(one.nodeBytesWritten)],
    ["", one.way === "handler" ? "by the handler" : "the plain way"],
  ];
  return parts
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}${value}`))
    .join(", ");
}

/** What a manifest in a store says of its checkpoint, without a cluster. */
export function manifestDetails(manifest: Manifest, location: string): Result {
  const { source, template } = manifest;
  const total = (field: "rawBytes" | "storedBytes") =>
    manifest.containers.reduce((sum, one) => sum + one[field], 0);
  const text = describe([
    ["id", manifest.id],
    ["namespace", source.namespace],
    ["pod", source.pod],
    ["pod UID", source.podUID],
    ["node", source.nodeName],
    ["cluster", source.clusterUID],
    ["location", location],
    ["created", manifest.createdAt],
    ["completed", manifest.completedAt],
    ["size", bytes(total("rawBytes"))],
    ["stored", bytes(total("storedBytes"))],
    ["made on", compatibilityText(manifest.compatibility)],
    ...manifest.containers.flatMap((one) => [
      [`container ${one.name}`, containerText(one)] as const,
      ["  image", `${one.image} (${one.imageID})`] as const,
      ["  sha256", one.rawSha256] as const,
    ]),
    ["user", template.metadata.annotations?.[annotations.injectedUser]],
    ...secretReferences(template.spec as unknown as PodSpec).map(
      (one) => ["sensitive", one] as const,
    ),
  ]);
  return { object: manifest, text, names: [`checkpoint.clouder.datalayer.io/${manifest.id}`] };
}

/** A list of manifests read from a store. */
export function manifestList(found: readonly Manifest[], now: number): Result {
  const sum = (one: Manifest, field: "rawBytes" | "storedBytes") =>
    one.containers.reduce((total, container) => total + container[field], 0);
  const columns: Column<Manifest>[] = [
    { title: "namespace", value: (one) => one.source.namespace },
    { title: "id", value: (one) => one.id },
    { title: "pod", value: (one) => one.source.pod },
    { title: "size", value: (one) => bytes(sum(one, "rawBytes")) },
    { title: "stored", value: (one) => bytes(sum(one, "storedBytes")) },
    { title: "frozen", value: (one) => duration(frozen(one.containers)) },
    { title: "age", value: (one) => age(one.createdAt, now) },
    { title: "node", wide: true, value: (one) => one.source.nodeName },
    { title: "cluster", wide: true, value: (one) => one.source.clusterUID },
  ];
  return {
    object: found,
    table: table(found, columns, "no checkpoints found"),
    names: found.map((one) => `checkpoint.clouder.datalayer.io/${one.id}`),
  };
}

/** The end of `checkpoint pod`. */
export function checkpointTaken(checkpoint: Checkpoint): Result {
  const { metadata, spec, status = {} } = checkpoint;
  const named = { object: checkpoint, names: [checkpointName(checkpoint)] };
  if (status.phase !== "Completed") {
    const follow = `kubectl clouder checkpoint show ${metadata.name} -n ${metadata.namespace ?? ""}`;
    return {
      ...named,
      text: `checkpoint ${metadata.name} of pod ${spec.podName} asked for; see: ${follow}`,
    };
  }
  const facts = [
    `${bytes(status.rawBytes) ?? "?"} in ${bytes(status.storedBytes) ?? "?"}`,
    `frozen for ${duration(frozen(status.containers)) ?? "an unknown time"}`,
    status.location ?? "",
  ];
  const shown = facts.filter((fact) => fact !== "").join(", ");
  return {
    ...named,
    text: `checkpoint ${metadata.name} of pod ${spec.podName} completed: ${shown}`,
  };
}
