import { printable } from "#core/redact";
import type { Column, Table } from "#plugin/output/result";

/** Renders kubectl's kind of table: upper-case titles, columns three spaces apart. */
export function renderTable({ columns, rows }: Table<never>, wide: boolean): string {
  const shown = columns.filter((column) => wide || column.wide !== true);
  const lines = [
    shown.map((column) => column.title.toUpperCase()),
    ...rows.map((row) => shown.map((column) => cell(column, row))),
  ];
  const widths = shown.map((_, index) => Math.max(...lines.map((line) => width(line[index]))));
  return lines.map((line) => row(line, widths)).join("\n");
}

function cell<Row>(column: Column<Row>, row: Row): string {
  const value = column.value(row);
  const text = value === undefined || value === "" ? "-" : String(value);
  return printable(text).replaceAll(/\s+/g, " ");
}

function width(text = ""): number {
  return Array.from(text).length;
}

function row(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((text, index) => text + " ".repeat((widths[index] ?? 0) - width(text)))
    .join("   ")
    .trimEnd();
}
