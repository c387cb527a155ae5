/** What a command gives back; the output room shows it as `-o` says, on standard output. */
export interface Result {
  /** Shown by `-o json` and `-o yaml`; part of the command's contract. */
  readonly object: unknown;
  /** Shown by `-o table` (the default) and `-o wide`. */
  readonly table?: Table<never>;
  /** Shown instead of a table: finished lines for people. */
  readonly text?: string;
  /** Shown by `-o name`, one a line, as `kind/name`. */
  readonly names?: readonly string[];
  /** Formats of this command alone, shown as JSON. */
  readonly other?: Readonly<Record<string, unknown>>;
  /** 1: the command did its work and what it found is bad (doctor, check). */
  readonly exitCode?: 0 | 1;
}

export interface Column<Row> {
  readonly title: string;
  /** Shown by `-o wide` only. */
  readonly wide?: boolean;
  readonly value: (row: Row) => string | number | undefined;
}

export interface Table<Row> {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Shown on standard error when there are no rows. */
  readonly empty?: string;
}

/** A table whose rows and columns fit together. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  empty?: string,
): Table<never> {
  // The row type ends here: printing needs no more than that both were of one type.
  return { columns, rows, ...(empty === undefined ? {} : { empty }) } as unknown as Table<never>;
}
