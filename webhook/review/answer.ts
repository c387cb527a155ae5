import type { Outcome, PatchOperation } from "#webhook/injection/wish";
import { auditAnnotations, shownWarnings } from "#webhook/review/notes";
import { reviewKind, reviewVersion } from "#webhook/review/read";

/** What was decided about a pod, as far as the answer needs it. */
export interface Verdict {
  readonly operations: readonly PatchOperation[];
  readonly outcomes: readonly Outcome[];
  /** Told to the creator; names only. */
  readonly warnings: readonly string[];
  /** The user whose things the pod gets. */
  readonly user?: string | undefined;
  /** Set: the pod is refused with this message. */
  readonly refusal?: string | undefined;
}

/** What becomes of a pod when we fail ourselves: let it go on without injection, or refuse it. */
export type OnFault = "allow" | "deny";

/*
 * Answers are put together by hand: their shape never changes, and the patch, which is most of them,
 * is base64, so that a serializer would only read it once more. They are ASCII, so that their length
 * is known without encoding them.
 */

/** JSON in ASCII. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const head = `{"apiVersion":"${reviewVersion}","kind":"${reviewKind}","response":{"uid":`;

/** Allowed, with the patch when there is one. */
export function allowAnswer(uid: string, verdict: Verdict): string {
  const { operations } = verdict;
  return (
    head +
    json(uid) +
    ',"allowed":true' +
    (operations.length > 0 ? `,"patchType":"JSONPatch","patch":"${encoded(operations)}"` : "") +
    notes(verdict) +
    "}}"
  );
}

/** Allowed as it is: nothing of ours. */
export function ignoreAnswer(uid: string): string {
  return `${head}${json(uid)},"allowed":true}}`;
}

/** Refused by a rule of a policy. */
export function refusalAnswer(uid: string, verdict: Verdict): string {
  const status = { code: 403, reason: "Forbidden", message: verdict.refusal ?? "refused" };
  return head + json(uid) + `,"allowed":false,"status":${json(status)}` + notes(verdict) + "}}";
}

/** We failed: the answer keeps the uid, and says so to whoever made the pod. */
export function faultAnswer(uid: string, onFault: OnFault, reason: string): string {
  const told = `${reason}; see the log of clouder-webhook`;
  const audit = `"auditAnnotations":${json({ fault: reason })}`;
  if (onFault === "allow") {
    const warnings = shownWarnings([`clouder injected nothing into this pod: ${told}`]);
    return `${head}${json(uid)},"allowed":true,"warnings":${json(warnings)},${audit}}}`;
  }
  const status = { code: 500, reason: "InternalError", message: `clouder-webhook: ${told}` };
  return `${head}${json(uid)},"allowed":false,"status":${json(status)},${audit}}}`;
}

/** Body of an answer that is no decision (HTTP 4xx, 5xx); carries the uid when one could be read. */
export function problemAnswer(uid: string | undefined, code: number, message: string): string {
  if (uid === undefined) {
    return json({ apiVersion: "v1", kind: "Status", status: "Failure", code, message });
  }
  return `${head}${json(uid)},"allowed":false,"status":${json({ code, message })}}}`;
}

/** Reused for all patches of usual size: one buffer less on each call. */
const scratch = Buffer.allocUnsafeSlow(65_536);

function encoded(operations: readonly PatchOperation[]): string {
  const text = JSON.stringify(operations);
  // No character takes more than three bytes.
  if (text.length * 3 > scratch.length) return Buffer.from(text).toString("base64");
  return scratch.toString("base64", 0, scratch.write(text));
}

function notes(verdict: Verdict): string {
  const warnings = shownWarnings(verdict.warnings);
  const audit = auditAnnotations(verdict);
  return (
    (warnings.length > 0 ? `,"warnings":${json(warnings)}` : "") +
    (audit === undefined ? "" : `,"auditAnnotations":${json(audit)}`)
  );
}
