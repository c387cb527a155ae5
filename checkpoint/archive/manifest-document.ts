import { checkpointIdForm } from "#checkpoint/archive/checkpoint-id";
import {
  at,
  countOf,
  listOf,
  mapOf,
  numberOf,
  objectOf,
  oneOf,
  optional,
  parseDocument,
  requireFormat,
  sha256Form,
  textOf,
} from "#checkpoint/archive/document-fields";
import type { Field } from "#checkpoint/archive/document-fields";
import type { ContainerRecord, Manifest } from "#checkpoint/archive/manifest";
import type { PodTemplate } from "#checkpoint/api/types";

/** Manifests stay far below this: the pod's template is the largest part (1.5 MiB at most in etcd). */
export const largestManifestBytes = 4 * 1024 * 1024;

const dnsName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const address = /^[0-9a-fA-F.:]{2,45}$/;
/** Objects of a checkpoint lie beside its manifest. */
const plainFile = /^[a-z0-9][-a-z0-9.]{0,127}$/;

export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** Strict: `integrity` names the field that is wrong; `unsupported` for another format. */
export function parseManifest(name: string, text: string): Manifest {
  const document = parseDocument(name, text);
  return {
    format: requireFormat(document),
    id: textOf(at(document, "id"), checkpointIdForm),
    createdAt: timeOf(at(document, "createdAt")),
    completedAt: timeOf(at(document, "completedAt")),
    source: parseSource(at(document, "source")),
    template: parseTemplate(at(document, "template")),
    compatibility: parseCompatibility(at(document, "compatibility")),
    containers: listOf(at(document, "containers"), 200, parseContainer),
  };
}

function timeOf(field: Field): string {
  return textOf(field, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);
}

function parseSource(field: Field): Manifest["source"] {
  const serviceAccountName = optional(at(field, "serviceAccountName"), (name) =>
    textOf(name, dnsName),
  );
  return {
    clusterUID: textOf(at(field, "clusterUID")),
    namespace: textOf(at(field, "namespace"), label),
    pod: textOf(at(field, "pod"), dnsName),
    podUID: textOf(at(field, "podUID")),
    nodeName: textOf(at(field, "nodeName"), dnsName),
    podIPs: listOf(at(field, "podIPs"), 16, (ip) => textOf(ip, address)),
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
  };
}

function parseTemplate(field: Field): PodTemplate {
  const metadata = at(field, "metadata");
  const labels = optional(at(metadata, "labels"), (map) => mapOf(map, 1000, textOfAny));
  const annotations = optional(at(metadata, "annotations"), (map) => mapOf(map, 1000, textOfAny));
  return {
    metadata: {
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: objectOf(at(field, "spec")),
  };
}

function textOfAny(field: Field): string {
  return textOf(field);
}

function parseCompatibility(field: Field): Manifest["compatibility"] {
  const criuVersion = optional(at(field, "criuVersion"), textOfAny);
  const ociRuntimeVersion = optional(at(field, "ociRuntimeVersion"), textOfAny);
  return {
    architecture: textOf(at(field, "architecture")),
    kernel: textOf(at(field, "kernel")),
    ...(criuVersion === undefined ? {} : { criuVersion }),
    runtimeVersion: textOf(at(field, "runtimeVersion")),
    ...(ociRuntimeVersion === undefined ? {} : { ociRuntimeVersion }),
    cgroupVersion: oneOf(at(field, "cgroupVersion"), [1, 2]),
    cpuFeatures: listOf(at(field, "cpuFeatures"), 2000, textOfAny),
  };
}

function parseContainer(field: Field): ContainerRecord {
  const frozen = optional(at(field, "frozenMilliseconds"), numberOf);
  const criuFrozen = optional(at(field, "criuFrozenMilliseconds"), numberOf);
  const nodeBytesWritten = optional(at(field, "nodeBytesWritten"), countOf);
  return {
    name: textOf(at(field, "name"), label),
    rawBytes: countOf(at(field, "rawBytes")),
    storedBytes: countOf(at(field, "storedBytes")),
    callMilliseconds: numberOf(at(field, "callMilliseconds")),
    ...(frozen === undefined ? {} : { frozenMilliseconds: frozen }),
    ...(criuFrozen === undefined ? {} : { criuFrozenMilliseconds: criuFrozen }),
    ...(nodeBytesWritten === undefined ? {} : { nodeBytesWritten }),
    way: oneOf(at(field, "way"), ["handler", "plain"]),
    image: textOf(at(field, "image")),
    imageID: textOf(at(field, "imageID")),
    archive: textOf(at(field, "archive"), plainFile),
    index: textOf(at(field, "index"), plainFile),
    rawSha256: textOf(at(field, "rawSha256"), sha256Form),
    storedSha256: textOf(at(field, "storedSha256"), sha256Form),
    indexSha256: textOf(at(field, "indexSha256"), sha256Form),
  };
}
