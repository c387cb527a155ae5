import { ClouderError } from "#core/error";
import type { ErrorCode } from "#core/error";
import { causeOf, networkError } from "#checkpoint/stores/network-error";

/** What a service's error means to people. */
export interface Meaning {
  readonly code: ErrorCode;
  /** Follows the store's location. */
  readonly say: string;
  readonly hint?: string;
  readonly retryable?: boolean;
}

export const gone: Meaning = { code: "not-found", say: "has no such object" };
export const busy: Meaning = { code: "busy", say: "is busy", retryable: true };
export const damaged: Meaning = {
  code: "integrity",
  say: "received other bytes than were sent",
  retryable: true,
};

/** What HTTP itself says, where the service's own code tells nothing more. */
export function byStatus(service: {
  readonly badKey: Meaning;
  readonly denied: Meaning;
}): Readonly<Record<number, Meaning>> {
  return {
    401: service.badKey,
    403: service.denied,
    404: gone,
    429: busy,
    500: busy,
    502: busy,
    503: busy,
    504: busy,
  };
}

/** An error of an SDK as a ClouderError; what is unknown stays as it is: a bug or news to us. */
export function serviceError(
  error: unknown,
  place: { readonly location: string; readonly key?: string | undefined },
  meaningOf: (error: object) => Meaning | undefined,
): unknown {
  const { location, key } = place;
  const network = networkError(error, location);
  if (network !== undefined) return network;
  const known = typeof error === "object" && error !== null ? meaningOf(error) : undefined;
  if (known === undefined) return error;
  const object = known === gone && key !== undefined ? ` ${key}` : "";
  return new ClouderError(known.code, `${location} ${known.say}${object}`, {
    cause: causeOf(error),
    retryable: known.retryable ?? false,
    ...(known.hint === undefined ? {} : { hint: known.hint }),
  });
}
