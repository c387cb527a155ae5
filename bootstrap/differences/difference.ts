/** One thing that is not as a document wants it. */
export interface Difference {
  /** `cluster/lab`, `machine/lab-node-1`, `host/lab-node-1`, `node/lab-node-1`. */
  readonly object: string;
  /** What an apply does about it; it refuses what cannot be changed in place. */
  readonly change: "create" | "update" | "refused";
  readonly fields: readonly FieldDifference[];
  /** What the user can do where an apply refuses. */
  readonly cure?: string;
}

export interface FieldDifference {
  /** Path of the field: `spec.network.podCIDR`, `labels.example.org/team`. */
  readonly field: string;
  /** Absent: it has none. */
  readonly before?: string;
  readonly after?: string;
}

/** The fields that differ; absent and undefined are the same. */
export function fieldDifferences(
  before: Readonly<Record<string, string | undefined>>,
  after: Readonly<Record<string, string | undefined>>,
): readonly FieldDifference[] {
  return Object.keys({ ...before, ...after })
    .filter((field) => before[field] !== after[field])
    .map((field) => ({
      field,
      ...(before[field] !== undefined && { before: before[field] }),
      ...(after[field] !== undefined && { after: after[field] }),
    }));
}
