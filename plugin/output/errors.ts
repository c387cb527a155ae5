import { isClouderError, messageOf, type ClouderError } from "#core/error";
import { printable } from "#core/redact";

/** An error for people: what is wrong, why, and the cure. Never a stack, unless it is a bug of ours. */
export function renderError(error: unknown): string {
  if (!isClouderError(error)) return renderBug(error);
  const lines = [`error: ${printable(error.message)} (${error.code})`];
  for (const cause of causesOf(error)) lines.push(`  because: ${printable(cause)}`);
  for (const line of logLines(error)) lines.push(`  | ${printable(line)}`);
  if (error.hint !== undefined) lines.push(`  cure: ${printable(error.hint)}`);
  return `${lines.join("\n")}\n`;
}

/** The same for machines: one JSON object, with `-o json`. */
export function renderErrorJson(error: unknown): string {
  const known = isClouderError(error);
  const body = {
    code: known ? error.code : "internal",
    message: messageOf(error),
    ...(known && error.hint !== undefined ? { hint: error.hint } : {}),
    ...(known ? { retryable: error.retryable, causes: causesOf(error) } : {}),
    ...(known && Object.keys(error.details).length > 0 ? { details: error.details } : {}),
  };
  return `${JSON.stringify({ error: body })}\n`;
}

function renderBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    `error: ${printable(messageOf(error))} (internal)`,
    printable(stack),
    "  This is a mistake of kubectl-clouder, not yours. Please report it with the lines above.",
    "",
  ].join("\n");
}

function causesOf(error: ClouderError): string[] {
  const causes: string[] = [];
  for (let cause = error.cause; cause !== undefined && causes.length < 4;) {
    const text = messageOf(cause);
    if (text !== "" && !error.message.includes(text) && !causes.includes(text)) causes.push(text);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

function logLines(error: ClouderError): readonly string[] {
  const lines = error.details["logLines"];
  return Array.isArray(lines) ? (lines as readonly string[]) : [];
}
