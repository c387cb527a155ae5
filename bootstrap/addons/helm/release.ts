import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Values } from "#bootstrap/addons/addon";
import type { Kube, KubeObject } from "#kube/kube";
import { secrets, type Secret } from "#kube/resources";

/** A release as Helm keeps it in the cluster: the newest revision of it. */
export interface Release {
  readonly name: string;
  readonly namespace: string;
  readonly revision: number;
  /** deployed, failed, pending-install, … */
  readonly status: string;
  /** When this revision was begun. */
  readonly since: string;
  readonly chart: { readonly name: string; readonly version: string };
  readonly values: Values;
  /** What it is made of, without hooks. */
  readonly objects: readonly KubeObject[];
  /** The newest revision that came to its end, where there is one. */
  readonly lastGood?: number;
}

interface Stored {
  readonly name: string;
  readonly namespace: string;
  readonly version: number;
  readonly info: { readonly status: string; readonly last_deployed?: string };
  readonly chart: { readonly metadata: { readonly name: string; readonly version: string } };
  readonly config?: Values;
  readonly manifest?: string;
}

/** Reads one release; undefined where there is none. Needs no helm. */
export async function readRelease(
  kube: Kube,
  { release, namespace }: { readonly release: string; readonly namespace: string },
): Promise<Release | undefined> {
  const labelSelector = `owner=helm,name=${release}`;
  const found = await kube.list(secrets, { namespace, labelSelector });
  const revisions = found.toSorted((one, other) => revisionOf(other) - revisionOf(one));
  const [newest] = revisions;
  if (!newest) return undefined;
  const stored = await unpacked(newest);
  const good = revisions.find(({ metadata }) =>
    ["deployed", "superseded"].includes(metadata.labels?.["status"] ?? ""),
  );
  return {
    ...{ name: stored.name, namespace: stored.namespace, revision: stored.version },
    status: stored.info.status,
    since: stored.info.last_deployed ?? "",
    chart: { name: stored.chart.metadata.name, version: stored.chart.metadata.version },
    values: stored.config ?? {},
    objects: await objectsOf(stored),
    ...(good && { lastGood: revisionOf(good) }),
  };
}

function revisionOf({ metadata }: Secret): number {
  return Number(metadata.labels?.["version"] ?? 0);
}

const unzip = promisify(gunzip);

/** Helm packs a release by gzip and base64; the API has base64 around that. */
async function unpacked({ data = {} }: Secret): Promise<Stored> {
  const inner = Buffer.from(data["release"] ?? "", "base64").toString();
  const packed = Buffer.from(inner, "base64");
  return JSON.parse((await unzip(packed)).toString()) as Stored;
}

async function objectsOf({ manifest = "", namespace }: Stored): Promise<readonly KubeObject[]> {
  const { parseAllDocuments } = await import("yaml");
  return [...parseAllDocuments(manifest)].flatMap((document) => {
    const object = document.toJS() as KubeObject | null;
    if (object === null) return [];
    // What names no namespace lies in the release's; kinds without one do not read it.
    return [{ ...object, metadata: { namespace, ...object.metadata } }];
  });
}
