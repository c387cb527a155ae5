import type { Reporter } from "#core/report";
import { renderedResult } from "#plugin/output/install";
import type { Result } from "#plugin/output/result";
import type { ExportedPolicy } from "#webhook/export/mutating-policy";

/** The objects on standard output; what they leave out on standard error, so that a pipe stays clean. */
export function exportedResult({ objects, left }: ExportedPolicy, report: Reporter): Result {
  for (const message of left) {
    report({ type: "note", level: "warn", message: `not expressed: ${message}` });
  }
  return renderedResult(objects, "yaml");
}
