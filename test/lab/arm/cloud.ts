import { Refusal } from "./refusal.ts";

export type Properties = Record<string, unknown>;

/** One resource as the fake keeps it. */
export interface Stored {
  readonly id: string;
  readonly name: string;
  /** "Microsoft.Network/networkInterfaces"; "" of a resource group. */
  readonly type: string;
  etag: string;
  location?: string;
  tags?: Record<string, string>;
  properties: Properties;
  /** zones, sku, identity: whatever else is at the top. */
  extra: Record<string, unknown>;
  operation?: Operation | undefined;
}

/** Something that takes time: it is done when it was looked at often enough. */
export interface Operation {
  readonly id: string;
  readonly what: "put" | "delete";
  left: number;
  status: "InProgress" | "Succeeded" | "Failed";
  readonly failure?: Refusal | undefined;
  readonly finish: () => void;
}

/** Everything in the fake's subscription, and what is under way in it. */
export interface Cloud {
  readonly subscription: string;
  /** By id in small letters: ARM's ids have no case. */
  readonly things: Map<string, Stored>;
  readonly operations: Map<string, Operation>;
  /** Looks that an operation takes. */
  slowness: number;
  find(id: string): Stored | undefined;
  begin(stored: Stored, what: Operation["what"], finish: () => void, failure?: Refusal): Operation;
  advance(operation: Operation | undefined): void;
  /** Things that name this one or a part of it. */
  usersOf(id: string): readonly Stored[];
  /** The child in an array of its parent: a subnet, a pool of a load balancer. */
  child(id: string): Properties | undefined;
  /** A number that was not given before. */
  next(): number;
  /** An address of the Internet that was not given before. */
  publicAddress: () => string;
  /** Machines without power, by id in small letters. */
  readonly off: Map<string, "stopped" | "deallocated">;
}

/** An empty subscription. */
export function createCloud(subscription: string): Cloud {
  let count = 0;
  const cloud: Cloud = {
    subscription,
    things: new Map(),
    operations: new Map(),
    slowness: 1,
    find: (id) => cloud.things.get(id.toLowerCase()),
    begin: (stored, what, finish, failure) => {
      const operation: Operation = {
        id: `operation-${cloud.next()}`,
        what,
        left: cloud.slowness,
        status: "InProgress",
        failure,
        finish,
      };
      stored.operation = operation;
      cloud.operations.set(operation.id, operation);
      return operation;
    },
    advance: (operation) => {
      if (operation?.status !== "InProgress") return;
      operation.left -= 1;
      if (operation.left >= 0) return;
      operation.status = operation.failure ? "Failed" : "Succeeded";
      operation.finish();
    },
    usersOf: (id) => {
      const quoted = `"${id.toLowerCase()}`;
      return [...cloud.things.values()].filter((one) => {
        if (one.id.toLowerCase() === id.toLowerCase()) return false;
        const text = JSON.stringify([one.properties, one.extra]).toLowerCase();
        return text.includes(`${quoted}"`) || text.includes(`${quoted}/`);
      });
    },
    child: (id) => {
      const [, parent = "", list = "", name = ""] =
        /^(.*\/providers\/[^/]+\/[^/]+\/[^/]+)\/([^/]+)\/([^/]+)$/.exec(id) ?? [];
      return childrenOf(cloud.find(parent), list).find(
        (one) => String(one["name"]).toLowerCase() === name.toLowerCase(),
      );
    },
    next: () => (count += 1),
    publicAddress: () => `20.0.${Math.floor(cloud.next() / 250)}.${cloud.next() % 250}`,
    off: new Map(),
  };
  return cloud;
}

/** All that is in the subscription, as "type name"; resource groups are of the type "group". */
export const everythingIn = ({ things }: Cloud): readonly string[] =>
  [...things.values()]
    .map(({ type, name }) => `${type === "" ? "group" : (type.split("/").at(-1) ?? "")} ${name}`)
    .sort();

/** The children of one kind that a resource holds. */
export function childrenOf(parent: Stored | undefined, list: string): Properties[] {
  const name = Object.keys(parent?.properties ?? {}).find(
    (one) => one.toLowerCase() === list.toLowerCase(),
  );
  return name === undefined ? [] : (parent?.properties[name] as Properties[]);
}

/** Ids that a body names, wherever they are. */
export function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    name === "id" && typeof one === "string" ? [one] : referencesIn(one),
  );
}

/** Every named resource must be there, and be ready. */
export function checkReferences(cloud: Cloud, own: string, body: unknown): void {
  for (const id of referencesIn(body)) {
    if (!/^\/subscriptions\/[^/]+\/resourceGroups\//i.test(id)) continue;
    if (id.toLowerCase().startsWith(own.toLowerCase())) continue;
    const whole = /^.*?\/providers\/[^/]+\/[^/]+\/[^/]+/.exec(id)?.[0] ?? id;
    const found = cloud.find(whole);
    if (!found || (whole !== id && !cloud.child(id))) {
      throw new Refusal(
        400,
        "InvalidResourceReference",
        `Resource ${id} referenced by resource ${own} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
      );
    }
    if (found.operation?.status === "InProgress") {
      cloud.advance(found.operation);
      throw new Refusal(
        409,
        "ReferencedResourceNotProvisioned",
        `Cannot proceed with operation because resource ${id} used by resource ${own} is not in Succeeded state.`,
      );
    }
  }
}

/** A new etag. */
export const freshEtag = (cloud: Cloud): string =>
  `W/"00000000-0000-4000-8000-${String(cloud.next()).padStart(12, "0")}"`;
