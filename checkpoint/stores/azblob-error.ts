import { busy, byStatus, damaged, gone, serviceError } from "#checkpoint/stores/service-error";
import type { Meaning } from "#checkpoint/stores/service-error";

const badKey: Meaning = {
  code: "unauthenticated",
  say: "does not accept the credentials",
  hint: "check connection string, account key, SAS token or identity of the store",
};
const denied: Meaning = {
  code: "denied",
  say: "denies the access",
  hint: "give this identity the role Storage Blob Data Contributor on the container",
};

/** https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */
const byCode: Readonly<Record<string, Meaning>> = {
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

const statuses = byStatus({ badKey, denied });

/** An error of the SDK as a ClouderError; what is unknown stays as it is. */
export function azblobError(error: unknown, location: string, key?: string): unknown {
  return serviceError(error, { location, key }, meaningOf);
}

function meaningOf(error: object): Meaning | undefined {
  const { name, code, statusCode, details } = error as {
    readonly name?: string;
    readonly code?: string;
    readonly statusCode?: number;
    readonly details?: { readonly errorCode?: string };
  };
  if (name === "CredentialUnavailableError" || name === "AggregateAuthenticationError") {
    return { ...badKey, say: "cannot be used: no Azure identity was found" };
  }
  return byCode[code ?? ""] ?? byCode[details?.errorCode ?? ""] ?? statuses[statusCode ?? 0];
}
