import { computeKinds } from "./compute.ts";
import type { Cloud, Stored } from "./cloud.ts";
import { networkKinds } from "./network.ts";
import type { Refusal } from "./refusal.ts";
import type { Shape } from "./shape.ts";

/** How the fake treats resources of one type. */
export interface Kind {
  readonly shape: Shape;
  /** Creates and deletes take time. */
  readonly slow: boolean;
  /** Of a kind without a state: one that is there is ready, and a create is answered as an update is. */
  readonly stateless?: true;
  /** Status and code of the refusal to delete one that is used. */
  readonly inUse?: readonly [number, string];
  /** Checks what a schema cannot, and fills in what the server decides; throws a Refusal. */
  onPut?(cloud: Cloud, stored: Stored, before: Stored | undefined): Refusal | undefined;
  /** What goes with it. */
  onRemove?(cloud: Cloud, stored: Stored): void;
  /** Properties that tell who uses it. */
  view?(cloud: Cloud, stored: Stored): Readonly<Record<string, unknown>>;
}

/** By namespace and type in small letters. */
const kinds: Readonly<Record<string, Kind>> = Object.fromEntries(
  Object.entries({ ...networkKinds, ...computeKinds }).map(([type, kind]) => [
    type.toLowerCase(),
    kind,
  ]),
);

/** The kind of a type, unless the fake does not have it. */
export const kindOf = (type: string): Kind | undefined => kinds[type.toLowerCase()];
