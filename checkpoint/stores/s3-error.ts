import { ClouderError } from "#core/error";
import type { ErrorCode } from "#core/error";
import { causeOf, networkError } from "#checkpoint/stores/network-error";

interface Translation {
  readonly code: ErrorCode;
  readonly say: string;
  readonly hint?: string;
  readonly retryable?: boolean;
}

const gone: Translation = { code: "not-found", say: "has no such object" };
const badKey: Translation = {
  code: "unauthenticated",
  say: "does not accept the credentials",
  hint: "check access key, secret key and their expiry in the store's Secret or profile",
};
const denied: Translation = {
  code: "denied",
  say: "denies the access",
  hint: "give this identity s3:GetObject, PutObject, DeleteObject, ListBucket and AbortMultipartUpload there",
};
const busy: Translation = { code: "busy", say: "is busy", retryable: true };
const damaged: Translation = {
  code: "integrity",
  say: "received other bytes than were sent",
  retryable: true,
};
const wrongRegion: Translation = {
  code: "config",
  say: "is in another region",
  hint: "set the store's region (and endpoint) to that of the bucket",
};
const full: Translation = { code: "no-space", say: "has no space left" };

/** By the service's error code; https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const byName: Readonly<Record<string, Translation>> = {
  NoSuchKey: gone,
  NotFound: gone,
  NoSuchUpload: gone,
  NoSuchBucket: {
    code: "not-found",
    say: "does not exist: no such bucket",
    hint: "create the bucket or correct the store's URL",
  },
  InvalidAccessKeyId: badKey,
  SignatureDoesNotMatch: badKey,
  ExpiredToken: badKey,
  InvalidToken: badKey,
  TokenRefreshRequired: badKey,
  CredentialsProviderError: { ...badKey, say: "cannot be used: no credentials were found" },
  AccessDenied: denied,
  AllAccessDisabled: denied,
  SlowDown: busy,
  ServiceUnavailable: busy,
  InternalError: busy,
  RequestTimeout: busy,
  OperationAborted: busy,
  BadDigest: damaged,
  InvalidDigest: damaged,
  XAmzContentChecksumMismatch: damaged,
  XAmzContentSHA256Mismatch: damaged,
  PermanentRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  QuotaExceeded: full,
  InsufficientStorage: full,
  EntityTooLarge: { code: "unsupported", say: "does not take objects of this size" },
};

const byStatus: Readonly<Record<number, Translation>> = {
  301: wrongRegion,
  401: badKey,
  403: denied,
  404: gone,
  429: busy,
  500: busy,
  502: busy,
  503: busy,
  504: busy,
  507: full,
};

/** An error of the SDK as a ClouderError; what is unknown stays as it is: a bug or news to us. */
export function s3Error(error: unknown, location: string, key?: string): unknown {
  const network = networkError(error, location);
  if (network !== undefined) return network;
  const known = translationOf(error);
  if (known === undefined) return error;
  const object = known === gone && key !== undefined ? ` ${key}` : "";
  return new ClouderError(known.code, `${location} ${known.say}${object}`, {
    cause: causeOf(error),
    retryable: known.retryable ?? false,
    ...(known.hint === undefined ? {} : { hint: known.hint }),
  });
}

function translationOf(error: unknown): Translation | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { name, Code, $metadata } = error as {
    readonly name?: string;
    readonly Code?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  return byName[name ?? ""] ?? byName[Code ?? ""] ?? byStatus[$metadata?.httpStatusCode ?? 0];
}
