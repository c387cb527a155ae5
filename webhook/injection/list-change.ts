/** What becomes of one list of the pod. */
export interface ListChange<T> {
  /** In front of the pod's own, in this order. */
  readonly first: T[];
  /** Behind the pod's own. */
  readonly last: T[];
  /** With their index in the pod's own list; none twice. */
  readonly replaced: (readonly [index: number, value: T])[];
}

/** Nothing to do yet. */
export function noChange<T>(): ListChange<T> {
  return { first: [], last: [], replaced: [] };
}

/** The elements of something that ought to be a list: none when it is absent or null. */
export function listOf<T>(value: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [];
}
