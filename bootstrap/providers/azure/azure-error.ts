import { ClouderError, isClouderError, messageOf, type ErrorCode } from "#core/error";

interface Meaning {
  readonly code: ErrorCode;
  readonly hint?: string;
  readonly retryable?: boolean;
}

const noLogin: Meaning = {
  code: "unauthenticated",
  hint: "run `az login`, or `kubectl clouder azure configure`, and check that you have access to the subscription",
};
const badSecret: Meaning = {
  code: "unauthenticated",
  hint: "check client id, client secret and tenant; `az ad sp create-for-rbac` makes new ones",
};
const oldSecret: Meaning = {
  code: "unauthenticated",
  hint: "the client secret is too old: az ad app credential reset --id CLIENT_ID makes another one",
};
const endedLogin: Meaning = {
  code: "unauthenticated",
  hint: "the login has ended, log in again: az login",
};
const denied: Meaning = {
  code: "denied",
  hint: "give this identity a role (Contributor) on the subscription or resource group; see its role assignments: az role assignment list --assignee CLIENT_ID --all",
};
const noSubscription: Meaning = {
  code: "not-found",
  hint: "check that the subscription id is correct and the subscription active: kubectl clouder azure subscriptions",
};
const inUse: Meaning = { code: "conflict", retryable: true };
const quota: Meaning = {
  code: "refused",
  hint: "ask for a higher quota in the Azure portal (Quotas), or use fewer or smaller machines",
};
const noCapacity: Meaning = {
  code: "refused",
  hint: "Azure has no such machine free there: try another size, zone or region, or later",
};
const broken: Meaning = { code: "unreachable", retryable: true };

const byCode: Readonly<Record<string, Meaning>> = {
  AuthenticationFailed: noLogin,
  InvalidAuthenticationToken: noLogin,
  ExpiredAuthenticationToken: {
    code: "unauthenticated",
    hint: "check this machine's clock, and log in again: az login",
  },
  InvalidAuthenticationTokenTenant: {
    code: "unauthenticated",
    hint: "the login is of another tenant than the subscription: az login --tenant TENANT_ID",
  },
  AuthorizationFailed: denied,
  LinkedAuthorizationFailed: denied,
  RequestDisallowedByPolicy: {
    code: "denied",
    hint: "a policy of the subscription forbids it: ask who administers it",
  },
  ReadOnlyDisabledSubscription: {
    code: "denied",
    hint: "the subscription is disabled: enable it in the Azure portal",
  },
  SubscriptionNotFound: noSubscription,
  InvalidSubscriptionId: noSubscription,
  MissingSubscriptionRegistration: inUse,
  TooManyRequests: { code: "busy", retryable: true },
  SkuNotAvailable: noCapacity,
  AllocationFailed: noCapacity,
  ZonalAllocationFailed: noCapacity,
  OverconstrainedAllocationRequest: noCapacity,
  PrincipalNotFound: inUse,
  RoleAssignmentExists: { code: "exists" },
  ReferencedResourceNotProvisioned: inUse,
  AnotherOperationInProgress: inUse,
  RetryableError: inUse,
  ResourceGroupBeingDeleted: inUse,
  ScopeLocked: {
    code: "denied",
    hint: "a lock on the resource group forbids it: az lock list",
  },
};

/** What the SDKs throw; the end of something that took time has neither status nor code. */
interface SdkError extends Error {
  readonly code?: string;
  readonly statusCode?: number;
}

/**
 * An error of an SDK as a ClouderError; `details.azure` has ARM's own code. The SDK's error holds the
 * request with its token: it is not handed on.
 */
export function azureError(error: unknown, doing: string): unknown {
  if (isClouderError(error) || !(error instanceof Error)) return error;
  const { name, message, code, statusCode } = error as SdkError;
  if (name === "AbortError") return unreachable("there was no answer in time", doing);
  if (name === "RestError") {
    return statusCode === undefined
      ? unreachable(firstLine(message), doing)
      : refusal({ status: statusCode, code, message }, doing);
  }
  const late = /^The long-running operation has failed(?:\. ([^.\s]+)\. (.*))?$/s.exec(message);
  if (late) return refusal({ status: 400, code: late[1], message: late[2] ?? "" }, doing);
  if (message === "Operation was canceled") {
    return refusal({ status: 409, code: "Canceled", message }, doing);
  }
  return error;
}

function unreachable(why: string, doing: string): ClouderError {
  return new ClouderError("unreachable", `cannot ${doing}: ${why}`, {
    hint: "check the network and AZURE_RESOURCE_MANAGER_ENDPOINT",
    retryable: true,
  });
}

interface Refusal {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string;
}

function refusal({ status, code, message }: Refusal, doing: string): ClouderError {
  // Without a code it is a proxy's page, of which the status says enough.
  const [azure, text] =
    code === undefined ? [`HTTP ${status}`, ""] : [code, `${firstLine(message)} `];
  const meaning = meaningOf(azure, message, status);
  return new ClouderError(meaning.code, `cannot ${doing}: ${text}(${azure})`, {
    ...(meaning.hint !== undefined && { hint: meaning.hint }),
    retryable: meaning.retryable ?? false,
    details: { azure, status },
  });
}

function meaningOf(code: string, message: string, status: number): Meaning {
  const known = byCode[code];
  if (known) return known;
  if (/quota|limit/i.test(code) || /quota|exceeding approved/i.test(message)) return quota;
  if (/InUse|CannotBeDeleted|OperationNotAllowed/.test(code)) return inUse;
  return byStatus[status] ?? (status >= 500 ? broken : { code: "config" });
}

const byStatus: Readonly<Record<number, Meaning>> = {
  401: noLogin,
  403: denied,
  404: { code: "not-found" },
  408: broken,
  409: inUse,
  412: { code: "exists" },
  429: { code: "busy", retryable: true },
};

/** A failed login as a ClouderError; messages of the identity library hold no secrets, but many lines. */
export function loginError(error: unknown): ClouderError {
  if (isClouderError(error)) return error;
  const text = messageOf(error);
  const service = /AADSTS\d+: [^\n]*/.exec(text)?.[0];
  if (service !== undefined) {
    const { code, hint = "" } = meaningOfLogin(service.slice(0, service.indexOf(":")));
    return new ClouderError(code, `cannot log in to Azure: ${firstLine(service)}`, { hint });
  }
  // Parts of the chain that this machine does not have fail with errors of the network.
  const chain = /ChainedTokenCredential|CredentialUnavailable/.test(text);
  if (!chain && /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|certificate|network_error/.test(text)) {
    return new ClouderError("unreachable", `cannot reach Azure's login: ${firstLine(text)}`, {
      hint: "check the network and AZURE_AUTHORITY_HOST",
      retryable: true,
      cause: error,
    });
  }
  return new ClouderError(
    "unauthenticated",
    chain
      ? "cannot log in to Azure: DefaultAzureCredential failed: no service principal is configured, and no other login is there"
      : `cannot log in to Azure: ${firstLine(text)}`,
    // What each part of the chain lacks is many lines, of which the hint is the sum.
    { hint: noLogin.hint ?? "", ...(!chain && { cause: error }) },
  );
}

/** Refresh tokens end by time, by policy, with the password, and where another factor is asked for. */
const endedBy: ReadonlySet<string> = new Set([
  ...["AADSTS70008", "AADSTS70043", "AADSTS70044", "AADSTS700082", "AADSTS700084"],
  ...["AADSTS50076", "AADSTS50078", "AADSTS50079", "AADSTS50132", "AADSTS50133", "AADSTS50173"],
]);

/** By Microsoft Entra's code. */
function meaningOfLogin(service: string): Meaning {
  if (service === "AADSTS7000222") return oldSecret;
  return endedBy.has(service) ? endedLogin : badSecret;
}

/** True for a refusal whose ARM code fits. */
export function hasAzureCode(error: unknown, pattern: RegExp): boolean {
  return isClouderError(error) && pattern.test(String(error.details["azure"] ?? ""));
}

function firstLine(text: string): string {
  return (text.split(/\r?\n/)[0] ?? "").trim().replace(/\.$/, "");
}
