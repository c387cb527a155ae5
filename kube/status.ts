import { ClouderError, type ErrorCode } from "#core/error";

interface Status {
  readonly kind: "Status";
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly name?: string;
    readonly kind?: string;
    readonly retryAfterSeconds?: number;
  };
}

/** The ClouderError for an answer of the API server that is not 2xx; see the law of Kube. */
export function statusError(status: number, body: string, request: string): ClouderError {
  const parsed = parseStatus(body);
  const reason = parsed?.reason ?? "";
  const code = codeOf(status, reason);
  if (status === 404 && !isNamed(parsed)) return unknownKind(request);
  const said = parsed?.message ?? body.trim().slice(0, 300);
  const hint = hintFor(code, parsed);
  const unsaid = `the API server answered ${String(status)} to ${request}`;
  return new ClouderError(code, said || unsaid, {
    ...(hint === undefined ? {} : { hint }),
    retryable: code === "conflict" || code === "busy" || code === "unreachable",
    details: { status, reason, request },
  });
}

function isNamed(status: Status | undefined): boolean {
  return (status?.details?.name ?? "") !== "";
}

/** The path itself is unknown: no object is missing, its kind is. */
function unknownKind(request: string): ClouderError {
  return new ClouderError("not-found", `the API server knows nothing of ${request}`, {
    hint: "is the CustomResourceDefinition of this kind installed?",
    details: { status: 404, reason: "NotFound", request, unknownKind: true },
  });
}

function parseStatus(body: string): Status | undefined {
  try {
    const value = JSON.parse(body) as Partial<Status> | null;
    return value?.kind === "Status" ? (value as Status) : undefined;
  } catch {
    return undefined;
  }
}

const codes: Readonly<Record<number, ErrorCode>> = {
  400: "refused",
  401: "unauthenticated",
  403: "denied",
  404: "not-found",
  405: "unsupported",
  406: "unsupported",
  410: "conflict",
  413: "refused",
  415: "unsupported",
  422: "refused",
  429: "busy",
};

function codeOf(status: number, reason: string): ErrorCode {
  if (status === 409) return reason === "AlreadyExists" ? "exists" : "conflict";
  return codes[status] ?? (status >= 500 ? "unreachable" : "internal");
}

function hintFor(code: ErrorCode, status: Status | undefined): string | undefined {
  if (code === "unauthenticated") {
    return "the credentials of this context are missing or no longer valid; log in again";
  }
  if (code === "denied" && status?.message?.includes("cannot")) {
    return "ask an administrator of the cluster for a role with this right";
  }
  return undefined;
}
