import { ClouderError, isClouderError } from "#core/error";
import { giveOrDrop } from "./document.ts";
import { flagAt, type ClusterFlags } from "./flags.ts";

/** A document as text with the places of its fields. */
export interface Source {
  /** Name of the file, for messages. */
  readonly file: string;
  /** The parsed document. */
  readonly value: unknown;
  /** Line and column, from 1, of a field or its value, or of the nearest thing around it. */
  locate(path: string, at: "key" | "value"): { readonly line: number; readonly column: number };
}

/**
 * The error of a wrong field as its author knows the field: as a flag (`usage`), or by file, line
 * and column. Other errors stay as they are.
 */
export function toldBySource(error: unknown, flags: ClusterFlags, source?: Source): unknown {
  if (!isClouderError(error) || error.code !== "config") return error;
  const { path, at, line } = error.details;
  if (typeof path !== "string" || line !== undefined) return error;
  const { message, hint, cause } = error;
  const flag = flagAt(path, flags);
  if (flag !== undefined) return toldByFlag(error, flag);
  const init = { cause, ...(hint !== undefined && { hint }) };
  if (!source) return new ClouderError("config", message, { ...init, details: { path } });
  const place = source.locate(path, at === "key" ? "key" : "value");
  return new ClouderError("config", `${source.file}:${place.line}:${place.column}: ${message}`, {
    ...init,
    details: { path, file: source.file, ...place },
  });
}

/** A flag whose field is not known there is one of other providers. */
function toldByFlag({ message, hint, cause, details }: ClouderError, flag: string): ClouderError {
  const unknown = details["at"] === "key";
  const told = unknown ? `${flag} is not for this provider` : message.replace(/^\S+/, flag);
  const cure = hint === giveOrDrop ? "give a value that fits" : hint;
  return new ClouderError("usage", told, {
    ...{ cause, details: { path: details["path"] ?? "" } },
    ...(cure !== undefined && { hint: cure }),
  });
}
