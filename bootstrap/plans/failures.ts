import { preflight } from "#bootstrap/steps/preflight";
import { ClouderError, isClouderError, messageOf } from "#core/error";

/** What failed in a plan, and at which step of which machine. */
export interface Failure {
  readonly where: string;
  readonly error: unknown;
}

/** More would hide the first ones from who reads; `details` names all. */
const mostTold = 10;

/** One error for all; a bug of ours is told before anything else. */
export function planFailed(failures: readonly Failure[]): unknown {
  const [first] = failures;
  if (!first || !failures.every(({ error }) => isClouderError(error))) {
    return failures.find(({ error }) => !isClouderError(error))?.error;
  }
  const error = first.error as ClouderError;
  // A refusal before the first change is about the request: no step and no machine failed.
  if (first.where === preflight.id) return error;
  const told = failures.slice(0, mostTold).map((one) => `${one.where}: ${messageOf(one.error)}`);
  const rest = failures.length - told.length;
  if (rest > 0) told.push(`and ${rest} more`);
  return new ClouderError(error.code, told.join("; "), {
    ...(error.hint !== undefined && { hint: error.hint }),
    details: { ...error.details, steps: failures.map(({ where }) => where) },
    cause: error,
  });
}
