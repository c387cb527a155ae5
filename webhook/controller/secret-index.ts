import { createHash } from "node:crypto";
import { hasCode } from "#core/error";
import type { LogEntry } from "#core/log";
import { componentLabels } from "#kube/install/labels";
import type { Kube } from "#kube/kube";
import type { ConfigMap } from "#kube/objects";
import { configMaps } from "#kube/resources";
import { exemptNamespaces, secretIndexName } from "#webhook/api/names";
import { controllerAnnotations } from "#webhook/controller/names";
import type { SecretWatches } from "#webhook/controller/secret-watches";
import { follow, type Feed, type FollowContext } from "#webhook/world/follow";
import { encodeIndex } from "#webhook/world/secret-index";

/** What is remembered of an index that exists. */
interface Written {
  readonly digest: string;
  readonly resourceVersion: string | undefined;
}

export interface SecretIndex {
  /** Writes the indexes that differ; keeps what could not be written for the next pass. */
  pass(): Promise<void>;
  /** Namespaces whose Secrets do not all fit into their index. */
  overfull(): ReadonlyMap<string, number>;
}

export interface SecretIndexContext extends FollowContext {
  readonly kube: Kube;
  readonly log: (entry: LogEntry) => void;
  readonly secrets: SecretWatches;
  /** Namespaces that something has changed in; emptied by each pass. */
  readonly dirty: Set<string>;
  readonly ring: () => void;
  /** Size of an index in bytes; default just below a ConfigMap's 1 MiB. */
  readonly maximum?: number;
}

/** Keeps one ConfigMap in each namespace that has labelled Secrets, and repairs it. */
export function keepSecretIndex(context: SecretIndexContext): SecretIndex {
  const { kube, log, secrets, dirty } = context;
  const written = new Map<string, Written>();
  const overfull = new Map<string, number>();
  const feed = followIndexes(context, written);

  async function write(namespace: string): Promise<void> {
    const found = exemptNamespaces.includes(namespace) ? [] : secrets.of(namespace);
    const old = written.get(namespace);
    if (found.length === 0) {
      overfull.delete(namespace);
      if (old) await kube.remove(configMaps, { namespace, name: secretIndexName });
      return;
    }
    const { data, left } = encodeIndex(found, context.maximum);
    if (left > 0) overfull.set(namespace, left);
    else overfull.delete(namespace);
    if (old?.digest === digestOf(data, left)) return;
    const map = indexMap(namespace, data, left);
    if (!old) await kube.create(configMaps, map);
    else await kube.replace(configMaps, withVersion(map, old.resourceVersion));
    log({ level: "info", message: "index of Secrets written", namespace, secrets: found.length });
  }

  return {
    overfull: () => overfull,
    pass: async () => {
      if (!secrets.synced() || !feed.synced()) return;
      for (const namespace of [...dirty]) {
        dirty.delete(namespace);
        if (namespace === "") continue;
        try {
          await write(namespace);
        } catch (error) {
          // A namespace that is going away takes its Secrets along.
          if (hasCode(error, "not-found")) continue;
          if (!hasCode(error, "denied")) dirty.add(namespace);
          if (!hasCode(error, "conflict", "exists", "denied")) throw error;
          log({ level: "warn", message: `index not written: ${error.message}`, namespace });
        }
      }
    },
  };
}

/** Others may write ConfigMaps too: whatever comes in is compared again. */
function followIndexes(context: SecretIndexContext, written: Map<string, Written>): Feed {
  const { dirty, ring } = context;
  const touch = ({ metadata }: ConfigMap) => {
    dirty.add(metadata.namespace ?? "");
    ring();
  };
  const set = (map: ConfigMap) => {
    if (map.metadata.name !== secretIndexName) return;
    const left = Number(map.metadata.annotations?.[controllerAnnotations.leftOut] ?? "0");
    const { namespace = "", resourceVersion } = map.metadata;
    written.set(namespace, { digest: digestOf(map.data ?? {}, left), resourceVersion });
    touch(map);
  };
  return follow(context, {
    resource: configMaps,
    options: { fieldSelector: `metadata.name=${secretIndexName}` },
    reset: (maps) => {
      for (const namespace of written.keys()) dirty.add(namespace);
      written.clear();
      maps.forEach(set);
      ring();
    },
    set,
    unset: (map) => {
      written.delete(map.metadata.namespace ?? "");
      touch(map);
    },
  });
}

function indexMap(
  namespace: string,
  data: Readonly<Record<string, string>>,
  left: number,
): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      namespace,
      name: secretIndexName,
      labels: componentLabels("injection-controller"),
      ...(left > 0 ? { annotations: { [controllerAnnotations.leftOut]: String(left) } } : {}),
    },
    data,
  };
}

function withVersion(map: ConfigMap, resourceVersion: string | undefined): ConfigMap {
  return resourceVersion === undefined
    ? map
    : { ...map, metadata: { ...map.metadata, resourceVersion } };
}

function digestOf(data: Readonly<Record<string, string>>, left: number): string {
  const text = JSON.stringify([Object.entries(data).sort(), left]);
  return createHash("sha256").update(text).digest("base64");
}
