import { printable } from "#core/redact";
import type { Result } from "#plugin/output/result";
import { renderTable } from "#plugin/output/table";

export const outputFormats = ["table", "wide", "json", "yaml", "name"] as const;
export type OutputFormat = (typeof outputFormats)[number];

export interface Printed {
  readonly stdout: string;
  /** Remarks that are not part of the result. */
  readonly stderr: string;
}

/** The text of a result in the wanted format, with a final newline. */
export async function renderResult(result: Result, format: OutputFormat): Promise<Printed> {
  const out = (stdout: string): Printed => ({ stdout: ended(stdout), stderr: "" });
  if (format === "json") return out(JSON.stringify(result.object, null, 2));
  if (format === "yaml") return out(await yaml(result.object));
  if (result.other && format in result.other) {
    return out(JSON.stringify(result.other[format], null, 2));
  }
  if (format === "name" && result.names !== undefined) {
    return out(result.names.map(printable).join("\n"));
  }
  if (result.text !== undefined) return out(printable(result.text));
  if (result.table === undefined) return out(await yaml(result.object));
  if (result.table.rows.length === 0 && result.table.empty !== undefined) {
    return { stdout: "", stderr: ended(result.table.empty) };
  }
  return out(renderTable(result.table, format === "wide"));
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

/** Several documents for an array, as `kubectl apply -f` takes them; loaded only when it is wanted. */
async function yaml(object: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  // Anchors would save lines, but people read this, and not every tool takes them.
  const options = { lineWidth: 0, aliasDuplicateObjects: false } as const;
  return Array.isArray(object) && object.length > 0
    ? object.map((one) => `---\n${stringify(one, options)}`).join("")
    : stringify(object, options);
}
