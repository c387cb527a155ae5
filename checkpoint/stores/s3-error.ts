import { busy, byStatus, damaged, gone, serviceError } from "#checkpoint/stores/service-error";
import type { Meaning } from "#checkpoint/stores/service-error";

const badKey: Meaning = {
  code: "unauthenticated",
  say: "does not accept the credentials",
  hint: "check access key, secret key and their expiry in the store's Secret or profile",
};
const denied: Meaning = {
  code: "denied",
  say: "denies the access",
  hint: "give this identity s3:GetObject, PutObject, DeleteObject, ListBucket and AbortMultipartUpload there",
};
const wrongRegion: Meaning = {
  code: "config",
  say: "is in another region",
  hint: "set the store's region (and endpoint) to that of the bucket",
};
const full: Meaning = { code: "no-space", say: "has no space left" };

/** By the service's error code; https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const byName: Readonly<Record<string, Meaning>> = {
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

const statuses: Readonly<Record<number, Meaning>> = {
  ...byStatus({ badKey, denied }),
  301: wrongRegion,
  507: full,
};

/** An error of the SDK as a ClouderError; what is unknown stays as it is. */
export function s3Error(error: unknown, location: string, key?: string): unknown {
  return serviceError(error, { location, key }, meaningOf);
}

function meaningOf(error: object): Meaning | undefined {
  const { name, Code, $metadata } = error as {
    readonly name?: string;
    readonly Code?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  return byName[name ?? ""] ?? byName[Code ?? ""] ?? statuses[$metadata?.httpStatusCode ?? 0];
}
