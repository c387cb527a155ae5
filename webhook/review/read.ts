import type { Pod } from "#kube/objects";
import type { Creator, PodRequest } from "#webhook/policy/request";

/** What an AdmissionReview asks for. */
export type Reading =
  /** A pod is being made: the only thing that is looked at. */
  | {
      readonly kind: "pod";
      readonly uid: string;
      readonly request: PodRequest;
      /** Nothing may be written because of it: no Events. */
      readonly dryRun: boolean;
    }
  /** To be allowed as it is. */
  | { readonly kind: "ignore"; readonly uid: string }
  /** No AdmissionReview v1; the uid when there is one all the same. */
  | { readonly kind: "bad"; readonly uid: string | undefined; readonly reason: string };

export const reviewVersion = "admission.k8s.io/v1";
export const reviewKind = "AdmissionReview";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads one AdmissionReview. Never throws: whatever the text is, the reading says what is wrong with
 * it. The pod is the parsed object itself, unknown fields included; nothing is copied.
 */
export function readReview(text: string): Reading {
  let review: unknown;
  try {
    review = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold what a pod keeps to itself.
    return { kind: "bad", uid: salvageUid(text), reason: "the body is not JSON" };
  }
  if (!isFields(review)) return bad(undefined, "the body is not a JSON object");
  const { request } = review;
  const uid = isFields(request) && typeof request["uid"] === "string" ? request["uid"] : "";
  if (review["apiVersion"] !== reviewVersion || review["kind"] !== reviewKind) {
    return bad(uid, `expected ${reviewKind} of ${reviewVersion}`);
  }
  if (!isFields(request)) return bad(uid, "request is missing");
  if (uid === "") return bad(uid, "request.uid is missing");
  return readRequest(uid, request);
}

function readRequest(uid: string, request: Fields): Reading {
  if (!isPodCreation(request)) return { kind: "ignore", uid };
  const { namespace, object, userInfo } = request;
  if (typeof namespace !== "string" || namespace === "") {
    return bad(uid, "request.namespace is missing");
  }
  if (!isFields(object)) return bad(uid, "request.object is missing");
  const spec = object["spec"];
  // A pod without containers reaches admission, too; validation refuses it afterwards.
  if (isFields(spec) && (spec["containers"] ?? null) === null) return { kind: "ignore", uid };
  const wrong = whatIsNoPod(object);
  if (wrong !== undefined) return bad(uid, `request.object is no pod: ${wrong}`);
  return {
    kind: "pod",
    uid,
    request: { pod: object as unknown as Pod, namespace, creator: creatorOf(userInfo) },
    dryRun: request["dryRun"] === true,
  };
}

function isPodCreation(request: Fields): boolean {
  const { operation, resource, subResource = "", kind } = request;
  return (
    operation === "CREATE" &&
    subResource === "" &&
    isFields(resource) &&
    (resource["group"] ?? "") === "" &&
    resource["version"] === "v1" &&
    resource["resource"] === "pods" &&
    isFields(kind) &&
    kind["kind"] === "Pod"
  );
}

/** The API server sends decoded pods only; everybody else on the network may send anything. */
function whatIsNoPod(object: Fields): string | undefined {
  const { metadata, spec } = object;
  if (!isFields(metadata)) return "metadata";
  if (!isStringMap(metadata["labels"])) return "metadata.labels";
  if (!isStringMap(metadata["annotations"])) return "metadata.annotations";
  if (!isFields(spec)) return "spec";
  for (const list of ["containers", "initContainers", "ephemeralContainers"]) {
    const containers = spec[list];
    if (!areContainers(containers)) return `spec.${list}`;
  }
  if (!areNamed(spec["volumes"])) return "spec.volumes";
  return undefined;
}

function areContainers(list: unknown): boolean {
  if (!areNamed(list)) return false;
  for (const container of (list ?? []) as readonly Fields[]) {
    if (!areFields(container["env"]) || !areFields(container["envFrom"])) return false;
    if (!areFields(container["volumeMounts"])) return false;
  }
  return true;
}

function areNamed(list: unknown): boolean {
  if (!areFields(list)) return false;
  for (const item of (list ?? []) as readonly Fields[]) {
    if (typeof item["name"] !== "string") return false;
  }
  return true;
}

function areFields(list: unknown): boolean {
  if (list === undefined || list === null) return true;
  if (!Array.isArray(list)) return false;
  for (const item of list as readonly unknown[]) if (!isFields(item)) return false;
  return true;
}

function isStringMap(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (!isFields(value)) return false;
  for (const key in value) if (typeof value[key] !== "string") return false;
  return true;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function creatorOf(userInfo: unknown): Creator {
  if (!isFields(userInfo)) return { username: "", groups: [] };
  const { username, uid, groups, extra } = userInfo;
  const creator = {
    username: typeof username === "string" ? username : "",
    groups: strings(groups),
  };
  if (isFields(extra)) {
    const read = extraOf(extra);
    return typeof uid === "string" ? { ...creator, uid, extra: read } : { ...creator, extra: read };
  }
  return typeof uid === "string" ? { ...creator, uid } : creator;
}

function extraOf(extra: Fields): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(extra).map(([key, value]) => [key, strings(value)]));
}

function strings(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.every(isString) ? value : value.filter(isString);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function bad(uid: string | undefined, reason: string): Reading {
  return { kind: "bad", uid: uid === "" ? undefined : uid, reason };
}

/** The API server writes the request's uid first. */
const uidPattern = /"request"\s*:\s*\{\s*"uid"\s*:\s*("(?:[^"\\]|\\.){1,256}")/;

/** The uid in a text that cannot be parsed, because it was cut off, for example. */
export function salvageUid(text: string): string | undefined {
  const quoted = uidPattern.exec(text.slice(0, 4096))?.[1];
  if (quoted === undefined) return undefined;
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}
