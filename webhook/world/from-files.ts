import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { ClouderError, messageOf } from "#core/error";
import type { KubeObject } from "#kube/kube";
import type { Secret } from "#kube/objects";
import type { InjectionPolicy } from "#webhook/api/types";
import { fromPodDefault, type PodDefault } from "#webhook/policy/pod-default";
import type { Creator, IndexedSecret, InjectionWorld } from "#webhook/policy/request";
import { labelsOf } from "#webhook/world/caches";

export interface FileWorld extends InjectionWorld {
  readonly policyCount: number;
  /** Objects of kinds that decide nothing, as `Kind/name (file)`. */
  readonly ignored: readonly string[];
}

export interface FileWorldOptions {
  /** Stands for the access review; default: nobody may use anybody. */
  readonly mayUse?: (creator: Creator, namespace: string, user: string) => boolean;
  /** Namespace of objects that name none; default "default". */
  readonly namespace?: string;
}

interface Read {
  readonly object: KubeObject;
  readonly file: string;
}

/**
 * The world as a folder of YAML or JSON files tells it: policies, PodDefaults, Namespaces,
 * ServiceAccounts and Secrets, of which names, labels and keys are kept.
 */
export async function worldFromFiles(
  folder: string,
  options: FileWorldOptions = {},
): Promise<FileWorld> {
  const { namespace: fallback = "default" } = options;
  const policies: InjectionPolicy[] = [];
  const labels = new Map<string, Readonly<Record<string, string>>>();
  const secrets = new Map<string, IndexedSecret[]>();
  const ignored: string[] = [];

  for (const { object, file } of await readFolder(folder)) {
    const { kind, metadata } = object;
    const namespace = metadata.namespace ?? fallback;
    const placed = { ...object, metadata: { ...metadata, namespace } };
    if (kind === "ClusterInjectionPolicy") policies.push(object as InjectionPolicy);
    else if (kind === "InjectionPolicy") policies.push(placed as InjectionPolicy);
    else if (kind === "PodDefault") policies.push(fromPodDefault(placed as PodDefault));
    else if (kind === "Namespace") labels.set(metadata.name, labelsOf(object));
    else if (kind === "ServiceAccount") {
      labels.set(`${namespace}/${metadata.name}`, labelsOf(object));
    } else if (kind === "Secret") {
      const known = secrets.get(namespace) ?? [];
      secrets.set(namespace, [...known, indexed(object as Secret)]);
    } else ignored.push(`${kind}/${metadata.name} (${file})`);
  }

  const lists = new Map<string, readonly InjectionPolicy[]>();
  return {
    policyCount: policies.length,
    ignored,
    policies: (namespace) => {
      const list =
        lists.get(namespace) ??
        policies.filter(
          ({ kind, metadata }) =>
            kind === "ClusterInjectionPolicy" || metadata.namespace === namespace,
        );
      lists.set(namespace, list);
      return list;
    },
    namespaceLabels: (name) =>
      // The API server gives every namespace this one.
      Promise.resolve({ "kubernetes.io/metadata.name": name, ...labels.get(name) }),
    serviceAccountLabels: (namespace, name) =>
      Promise.resolve(labels.get(`${namespace}/${name}`) ?? {}),
    secrets: (namespace) => secrets.get(namespace) ?? [],
    mayUse: (creator, namespace, user) =>
      Promise.resolve(options.mayUse?.(creator, namespace, user) ?? false),
  };
}

/** Names of keys only; what they hold is dropped here. */
function indexed({ metadata, data, stringData }: Secret): IndexedSecret {
  const keys = [...new Set([...Object.keys(data ?? {}), ...Object.keys(stringData ?? {})])];
  return { name: metadata.name, labels: metadata.labels ?? {}, keys: keys.sort() };
}

async function readFolder(folder: string): Promise<readonly Read[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      throw new ClouderError("usage", `cannot read the folder ${folder}: ${messageOf(error)}`, {
        cause: error,
        hint: "--policies takes a folder of YAML files",
      });
    },
  );
  const files = entries
    .filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return (await Promise.all(files.map(readObjects))).flat();
}

async function readObjects(file: string): Promise<readonly Read[]> {
  const documents = parseAllDocuments(await readFile(file, "utf8"));
  const read: Read[] = [];
  // Without a document this is an empty list with properties of its own.
  for (const document of [...documents]) {
    const [problem] = document.errors;
    if (problem) {
      throw new ClouderError("config", `${file} is no YAML: ${problem.message}`, {
        hint: "correct it, or take it out of the folder",
      });
    }
    for (const object of unpacked(document.toJS()))
      read.push({ object: checked(object, file), file });
  }
  return read;
}

/** The objects of a List, of an array, or the one there is. */
function unpacked(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  const { kind, items } = value as { readonly kind?: unknown; readonly items?: unknown };
  return typeof kind === "string" && kind.endsWith("List") && Array.isArray(items)
    ? (items as readonly unknown[])
    : [value];
}

function checked(value: unknown, file: string): KubeObject {
  const { apiVersion, kind, metadata } = value as Partial<Record<keyof KubeObject, unknown>>;
  const name = (metadata as { readonly name?: unknown } | undefined)?.name;
  if (typeof apiVersion === "string" && typeof kind === "string" && typeof name === "string") {
    return value as KubeObject;
  }
  throw new ClouderError("config", `${file} holds something without apiVersion, kind and a name`, {
    hint: "the folder is for Kubernetes objects only",
  });
}
