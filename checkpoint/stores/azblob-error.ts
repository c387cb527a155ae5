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
  hint: "check connection string, account key, SAS token or identity of the store",
};
const denied: Translation = {
  code: "denied",
  say: "denies the access",
  hint: "give this identity the role Storage Blob Data Contributor on the container",
};
const busy: Translation = { code: "busy", say: "is busy", retryable: true };
const damaged: Translation = {
  code: "integrity",
  say: "received other bytes than were sent",
  retryable: true,
};

/** https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */
const byCode: Readonly<Record<string, Translation>> = {
  BlobNotFound: gone,
  ResourceNotFound: gone,
  ContainerNotFound: {
    code: "not-found",
    say: "does not exist: no such container",
    hint: "create the container or correct the store's URL",
  },
  AuthenticationFailed: badKey,
  InvalidAuthenticationInfo: badKey,
  NoAuthenticationInformation: badKey,
  AuthorizationFailure: denied,
  AuthorizationPermissionMismatch: denied,
  InsufficientAccountPermissions: denied,
  Md5Mismatch: damaged,
  Crc64Mismatch: damaged,
  ServerBusy: busy,
  InternalError: busy,
  OperationTimedOut: busy,
  AccountBeingCreated: busy,
};

const byStatus: Readonly<Record<number, Translation>> = {
  401: badKey,
  403: denied,
  404: gone,
  429: busy,
  500: busy,
  502: busy,
  503: busy,
  504: busy,
};

/** An error of the SDK as a ClouderError; what is unknown stays as it is. */
export function azblobError(error: unknown, location: string, key?: string): unknown {
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
  const { name, code, statusCode, details } = error as {
    readonly name?: string;
    readonly code?: string;
    readonly statusCode?: number;
    readonly details?: { readonly errorCode?: string };
  };
  if (name === "CredentialUnavailableError" || name === "AggregateAuthenticationError") {
    return { ...badKey, say: "cannot be used: no Azure identity was found" };
  }
  return byCode[code ?? ""] ?? byCode[details?.errorCode ?? ""] ?? byStatus[statusCode ?? 0];
}
