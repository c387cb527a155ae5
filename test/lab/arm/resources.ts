import { ok, type Answer, type Request } from "./answer.ts";
import {
  checkReferences,
  childrenOf,
  freshEtag,
  type Cloud,
  type Operation,
  type Properties,
  type Stored,
} from "./cloud.ts";
import { withPower } from "./instance-view.ts";
import { kindOf, type Kind } from "./kinds.ts";
import { Refusal } from "./refusal.ts";
import { checkShape, type Shape } from "./shape.ts";
import { networkShapes } from "./shapes-network.ts";

/** A path below a resource group: `type` without its namespace's case mended. */
export interface Target {
  readonly id: string;
  readonly group: string;
  readonly type: string;
  /** Absent: the list of that type. */
  readonly name: string | undefined;
  readonly child?: { readonly type: string; readonly name: string | undefined };
}

/** Reads `/subscriptions/…/resourceGroups/…/providers/…`. */
export function targetOf(path: string): Target | undefined {
  const match =
    /^(\/subscriptions\/[^/]+\/resourceGroups\/[^/]+)\/providers\/([^/]+)\/([^/]+)(?:\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?)?$/i.exec(
      path,
    );
  if (!match) return undefined;
  const [, group = "", namespace = "", type = "", name, child, childName] = match;
  const id = `${group}/providers/${namespace}/${type}/${name ?? ""}`;
  return {
    ...{ id, group, type: `${namespace}/${type}`, name },
    ...(child !== undefined && { child: { type: child, name: childName } }),
  };
}

/** Answers a call for a resource of a group, one of its children, or a list of them. */
export function resourceAnswer(cloud: Cloud, target: Target, request: Request): Answer | undefined {
  const kind = kindOf(target.type);
  if (!kind) return undefined;
  if (!cloud.find(target.group)) {
    const name = target.group.split("/").at(-1) ?? "";
    throw new Refusal(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);
  }
  if (target.name === undefined) return ok({ value: listOf(cloud, target.type, target.group) });
  if (target.child) return childAnswer(cloud, kind, target, request);
  const stored = cloud.find(target.id);
  switch (request.method) {
    case "GET":
      cloud.advance(stored?.operation);
      return ok(withPower(cloud, shown(cloud, existing(cloud, target)), request));
    case "PUT":
      return put(cloud, kind, target, request);
    case "PATCH":
      return patch(cloud, target, request);
    case "DELETE":
      return remove(cloud, kind, stored, request);
    default:
      throw new Refusal(405, "MethodNotAllowed", `${request.method} is not allowed.`);
  }
}

/** Resources of a type, in a group or everywhere; a look moves on what is under way. */
export function listOf(cloud: Cloud, type: string, group = "/subscriptions"): unknown[] {
  const fits = (one: Stored) =>
    one.type.toLowerCase() === type.toLowerCase() &&
    one.id.toLowerCase().startsWith(`${group.toLowerCase()}/`);
  for (const one of [...cloud.things.values()].filter(fits)) cloud.advance(one.operation);
  return [...cloud.things.values()].filter(fits).map((one) => shown(cloud, one));
}

/** A resource as ARM shows it. */
export function shown(cloud: Cloud, stored: Stored): Properties {
  const { id, name, type, etag, location, tags, properties, extra } = stored;
  const kind = kindOf(type);
  const state = { provisioningState: kind?.stateless ? undefined : stateOf(stored) };
  return {
    ...{ id, name, type, location, tags },
    ...(etag !== "" && type.startsWith("Microsoft.Network/") && { etag }),
    ...extra,
    properties: { ...properties, ...state, ...kind?.view?.(cloud, stored) },
  };
}

function stateOf({ operation, properties }: Stored): unknown {
  if (operation?.status === "InProgress") return operation.what === "put" ? "Updating" : "Deleting";
  if (operation?.status === "Failed") return "Failed";
  return properties["provisioningState"] ?? "Succeeded";
}

/** The resource; refuses when there is none. */
export function existing(cloud: Cloud, { id, type, name = "", group }: Target): Stored {
  const stored = cloud.find(id);
  if (stored) return stored;
  throw new Refusal(
    404,
    "ResourceNotFound",
    `The Resource '${type}/${name}' under resource group '${group.split("/").at(-1) ?? ""}' was not found.`,
  );
}

function checkMatch(stored: Stored | undefined, { headers }: Request): void {
  const match = headers["if-match"];
  const none = headers["if-none-match"];
  const failed =
    (none === "*" && stored !== undefined) ||
    (match !== undefined && match !== "*" && match !== stored?.etag);
  if (failed)
    throw new Refusal(412, "PreconditionFailed", "The condition of the request is not met.");
}

/** Refuses while something is under way with a resource. */
export function refuseBusy(cloud: Cloud, stored: Stored | undefined): void {
  const { operation } = stored ?? {};
  if (operation?.status !== "InProgress") return;
  cloud.advance(operation);
  throw new Refusal(
    409,
    "AnotherOperationInProgress",
    `Another operation on this or dependent resource is in progress. Operation: ${operation.id}`,
  );
}

function checkLocation(before: Stored | undefined, location: unknown): void {
  if (!before || before.location === location) return;
  throw new Refusal(
    409,
    "InvalidResourceLocation",
    `The resource '${before.name}' already exists in location '${before.location ?? ""}'.`,
  );
}

function put(cloud: Cloud, kind: Kind, target: Target, request: Request): Answer {
  const before = cloud.find(target.id);
  checkMatch(before, request);
  refuseBusy(cloud, before);
  checkShape(kind.shape, request.body);
  checkReferences(cloud, target.id, request.body);
  const { location, tags, properties = {}, ...extra } = request.body as Properties;
  for (const name of ["id", "name", "type", "etag"]) Reflect.deleteProperty(extra, name);
  checkLocation(before, location);
  const stored: Stored = {
    ...{ id: before?.id ?? target.id, name: target.name ?? "", type: target.type },
    ...{ location: String(location), extra, etag: freshEtag(cloud) },
    ...(tags !== undefined && { tags: tags as Record<string, string> }),
    properties: { ...structuredClone(properties as Properties), provisioningState: "Succeeded" },
  };
  const failure = kind.onPut?.(cloud, stored, before);
  cloud.things.set(target.id.toLowerCase(), stored);
  const status = before || kind.stateless ? 200 : 201;
  if (!kind.slow) return { status, headers: {}, body: shown(cloud, stored) };
  const operation = cloud.begin(stored, "put", () => undefined, failure);
  return { status, headers: following(request, operation), body: shown(cloud, stored) };
}

function patch(cloud: Cloud, target: Target, request: Request): Answer {
  const stored = existing(cloud, target);
  const { tags } = request.body as { tags?: Record<string, string> };
  if (tags === undefined || Object.keys(request.body as object).length !== 1) {
    throw new Refusal(400, "InvalidParameter", "only tags can be patched here");
  }
  stored.tags = tags;
  return ok(shown(cloud, stored));
}

function remove(cloud: Cloud, kind: Kind, stored: Stored | undefined, request: Request): Answer {
  if (!stored) return { status: 204, headers: {} };
  checkMatch(stored, request);
  if (stored.operation?.what === "put") refuseBusy(cloud, stored);
  const [user] = cloud.usersOf(stored.id);
  const managed = stored.extra["managedBy"];
  const holder = user?.id ?? (typeof managed === "string" ? managed : undefined);
  if (kind.inUse && holder !== undefined) {
    const [status, code] = kind.inUse;
    throw new Refusal(status, code, `${stored.id} is in use by ${holder}.`);
  }
  const gone = () => {
    cloud.things.delete(stored.id.toLowerCase());
    kind.onRemove?.(cloud, stored);
  };
  if (!kind.slow) {
    gone();
    return { status: 200, headers: {} };
  }
  const operation =
    stored.operation?.status === "InProgress"
      ? stored.operation
      : cloud.begin(stored, "delete", gone);
  return { status: 202, headers: following(request, operation) };
}

function childAnswer(
  cloud: Cloud,
  kind: Kind,
  target: Target,
  request: Request,
): Answer | undefined {
  const { type, name } = target.child ?? { type: "", name: undefined };
  const [, plain = ""] = target.type.split("/");
  const shape = networkShapes[`${plain}/${type}`];
  if (shape === undefined) return undefined;
  const parent = cloud.find(target.id);
  if (!parent) {
    throw new Refusal(404, "ParentResourceNotFound", `Parent resource '${target.id}' not found.`);
  }
  if (name === undefined) {
    const whole = shown(cloud, parent)["properties"] as Properties;
    return ok({ value: whole[type] ?? [] });
  }
  const place: ChildPlace = { parent, type, name, id: `${target.id}/${type}/${name}` };
  if (request.method === "GET") return ok(childShown(cloud, place));
  refuseBusy(cloud, parent);
  return request.method === "DELETE"
    ? removeChild(cloud, kind, place, request)
    : putChild(cloud, { kind, shape }, place, request);
}

interface ChildPlace {
  readonly parent: Stored;
  readonly type: string;
  readonly name: string;
  readonly id: string;
}

function childShown(cloud: Cloud, { parent, type, id }: ChildPlace): Properties {
  cloud.advance(parent.operation);
  const whole = shown(cloud, parent)["properties"] as Record<string, Properties[] | undefined>;
  const known = whole[type]?.find((one) => one["id"] === cloud.child(id)?.["id"]);
  if (!known) throw new Refusal(404, "NotFound", `Resource ${id} not found.`);
  const state = { provisioningState: stateOf(parent) };
  return { ...known, properties: { ...(known["properties"] as object), ...state } };
}

const othersOf = ({ parent, type, name }: ChildPlace): Properties[] =>
  childrenOf(parent, type).filter((one) => one["name"] !== name);

function removeChild(cloud: Cloud, kind: Kind, place: ChildPlace, request: Request): Answer {
  const { parent, type, name, id } = place;
  if (!cloud.child(id)) return { status: 204, headers: {} };
  const user = cloud.usersOf(id).find((one) => one.id !== parent.id);
  if (user && kind.inUse) {
    throw new Refusal(kind.inUse[0], kind.inUse[1], `${name} is in use by ${user.id}.`);
  }
  parent.properties[type] = othersOf(place);
  parent.etag = freshEtag(cloud);
  const operation = cloud.begin(parent, "put", () => undefined);
  return { status: 202, headers: following(request, operation) };
}

function putChild(
  cloud: Cloud,
  { kind, shape }: { readonly kind: Kind; readonly shape: Shape },
  place: ChildPlace,
  request: Request,
): Answer {
  const { parent, type, name, id } = place;
  checkShape(shape, request.body);
  checkReferences(cloud, parent.id, request.body);
  const status = cloud.child(id) ? 200 : 201;
  parent.properties[type] = [...othersOf(place), { ...(request.body as object), name }];
  kind.onPut?.(cloud, parent, undefined);
  parent.etag = freshEtag(cloud);
  const operation = cloud.begin(parent, "put", () => undefined);
  return { status, headers: following(request, operation), body: cloud.child(id) };
}

/** Where a client asks how far an operation is. */
export function following({ endpoint, path }: Request, operation: Operation) {
  const [, , subscription = ""] = path.split("/");
  const url = `${endpoint}/subscriptions/${subscription}/providers/Microsoft.Fake/locations/any/operations/${operation.id}?api-version=2024-01-01`;
  return {
    "azure-asyncoperation": url,
    ...(operation.what === "delete" && { location: url.replace("/operations/", "/results/") }),
    "retry-after": "0",
  };
}
