import { sourceName } from "#webhook/injection/wish";
import type { Outcome } from "#webhook/injection/wish";

/** The API server cuts a warning at 256 characters and all of them at 4096. */
const warningLength = 256;
const warningCount = 15;
const annotationLength = 1024;

/** Warnings as the API server passes them on: no control characters, bounded in length and number. */
export function shownWarnings(warnings: readonly string[]): readonly string[] {
  if (warnings.length === 0) return warnings;
  const different = [...new Set(warnings)];
  const shown = different.slice(0, warningCount).map((text) => cut(plain(text), warningLength));
  const more = different.length - shown.length;
  if (more > 0) shown.push(`clouder: ${more} more warnings`);
  return shown;
}

/**
 * What the audit log keeps of a decision: names and counts. Keys stand behind `<webhook's name>/` there
 * and must be plain words.
 */
export function auditAnnotations(verdict: {
  readonly outcomes: readonly Outcome[];
  readonly user?: string | undefined;
  readonly refusal?: string | undefined;
}): Readonly<Record<string, string>> | undefined {
  const { outcomes, user, refusal } = verdict;
  if (outcomes.length === 0 && user === undefined && refusal === undefined) return undefined;
  const injected = new Set<string>();
  const skipped = new Set<string>();
  let count = 0;
  for (const { result, source } of outcomes) {
    if (result === "skipped" || result === "refused") skipped.add(sourceName(source));
    else if (refusal === undefined && (result === "injected" || result === "overridden")) {
      injected.add(sourceName(source));
      count += 1;
    }
  }
  const annotations: Record<string, string> = {};
  if (user !== undefined) annotations["user"] = shown(user);
  annotations["injected-count"] = String(count);
  noteNames(annotations, "injected", injected);
  noteNames(annotations, "skipped", skipped);
  if (refusal !== undefined) annotations["refused"] = "true";
  return annotations;
}

function noteNames(
  annotations: Record<string, string>,
  key: "injected" | "skipped",
  names: ReadonlySet<string>,
): void {
  if (names.size > 0) annotations[key] = shown([...names].join(","));
}

function shown(text: string): string {
  return cut(plain(text), annotationLength);
}

/** Header and log lines must not be broken by what a stranger called their things. */
function plain(text: string): string {
  return /[\u0000-\u001f\u007f-\u009f]/.test(text)
    ? text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ")
    : text;
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = text.slice(0, length - 1);
  // Half a surrogate pair would not survive the wire.
  return `${/[\ud800-\udbff]$/.test(end) ? end.slice(0, -1) : end}…`;
}
