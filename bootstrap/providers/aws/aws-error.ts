import { ClouderError, isClouderError, messageOf, type ErrorCode } from "#core/error";

interface Meaning {
  readonly code: ErrorCode;
  readonly hint?: string;
  readonly retryable?: boolean;
}

const login = "run `aws configure`, or `aws sso login`; AWS_PROFILE chooses a profile";

const noKeys: Meaning = { code: "unauthenticated", hint: login };
const badKeys: Meaning = {
  code: "unauthenticated",
  hint: "check the access key, its IAM permissions and the region; `aws sts get-caller-identity` shows who you are",
};
const expired: Meaning = {
  code: "unauthenticated",
  hint: "the credentials are no longer valid: run `aws sso login`, or get new ones",
};
const skewed: Meaning = {
  code: "unauthenticated",
  hint: "set this machine's clock: AWS accepts five minutes of difference",
  // The SDK has learnt the difference from the answer, so that the next try fits.
  retryable: true,
};
const denied: Meaning = {
  code: "denied",
  hint: "give this identity the IAM permission for that call, and check that the region is the right one",
};
const throttled: Meaning = { code: "busy", retryable: true };
const inUse: Meaning = { code: "conflict", retryable: true };
const quota: Meaning = {
  code: "refused",
  hint: "ask for a higher quota in the Service Quotas console, or use fewer or smaller machines",
};
const noCapacity: Meaning = {
  code: "refused",
  hint: "AWS has no such machine free in that zone: try another size, other zones, or later",
};
const noKeyPair: Meaning = {
  code: "not-found",
  hint: "create or import the key pair in this region first: aws ec2 import-key-pair, or leave keyPair out and give --key",
};

const byName: Readonly<Record<string, Meaning>> = {
  CredentialsProviderError: noKeys,
  TokenProviderError: noKeys,
  AuthFailure: badKeys,
  InvalidClientTokenId: badKeys,
  UnrecognizedClientException: badKeys,
  SignatureDoesNotMatch: badKeys,
  IncompleteSignature: badKeys,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  RequestExpired: skewed,
  RequestTimeTooSkewed: skewed,
  RequestInTheFuture: skewed,
  UnauthorizedOperation: denied,
  AccessDenied: denied,
  AccessDeniedException: denied,
  OptInRequired: {
    code: "denied",
    hint: "the region or service is not enabled for this account: enable it in the AWS console",
  },
  Blocked: denied,
  Throttling: throttled,
  ThrottlingException: throttled,
  TooManyRequestsException: throttled,
  RequestLimitExceeded: throttled,
  EC2ThrottledException: throttled,
  InternalError: { code: "unreachable", retryable: true },
  InternalFailure: { code: "unreachable", retryable: true },
  ServiceUnavailable: { code: "unreachable", retryable: true },
  Unavailable: { code: "unreachable", retryable: true },
  DependencyViolation: inUse,
  DeleteConflict: inUse,
  ResourceInUse: inUse,
  VolumeInUse: inUse,
  IncorrectState: inUse,
  IncorrectInstanceState: inUse,
  "InvalidIPAddress.InUse": inUse,
  "InvalidNetworkInterface.InUse": inUse,
  "InvalidGroup.InUse": inUse,
  VcpuLimitExceeded: quota,
  InstanceLimitExceeded: quota,
  VpcLimitExceeded: quota,
  AddressLimitExceeded: quota,
  SubnetLimitExceeded: quota,
  InternetGatewayLimitExceeded: quota,
  MaxSpotInstanceCountExceeded: quota,
  InsufficientInstanceCapacity: noCapacity,
  SpotMaxPriceTooLow: noCapacity,
  "InvalidKeyPair.NotFound": noKeyPair,
  EntityAlreadyExists: { code: "exists" },
  "InvalidGroup.Duplicate": { code: "exists" },
  "InvalidKeyPair.Duplicate": { code: "exists" },
  DuplicateLoadBalancerName: { code: "exists" },
  DuplicateTargetGroupName: { code: "exists" },
  NoSuchEntity: { code: "not-found" },
  ParameterNotFound: { code: "not-found" },
};

/** An error of the SDK as a ClouderError; `details.aws` has the service's own code. */
export function awsError(error: unknown, doing: string): unknown {
  if (isClouderError(error) || !(error instanceof Error)) return error;
  const name = nameOf(error);
  const status = statusOf(error);
  const meaning = byName[name] ?? byPattern(name, status);
  if (!meaning) return error;
  return new ClouderError(
    meaning.code,
    `cannot ${doing}: ${firstLine(messageOf(error))} (${name})`,
    {
      ...(meaning.hint !== undefined && { hint: meaning.hint }),
      retryable: meaning.retryable ?? false,
      details: { aws: name },
      cause: error,
    },
  );
}

/** True for a translated error whose AWS code fits. */
export function hasAwsCode(error: unknown, pattern: RegExp): boolean {
  return isClouderError(error) && pattern.test(String(error.details["aws"] ?? ""));
}

/** True when AWS says that the thing does not exist, or not yet. */
export const isGone = (error: unknown): boolean =>
  hasAwsCode(error, /NotFound|NoSuchEntity|Unknown$/);

function nameOf(error: Error): string {
  const { Code, code } = error as { readonly Code?: string; readonly code?: string };
  if (error.name !== "Error") return error.name;
  return Code ?? code ?? "Error";
}

function statusOf(error: Error): number | undefined {
  return (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata
    ?.httpStatusCode;
}

function byPattern(name: string, status: number | undefined): Meaning | undefined {
  if (/NotFound|Unknown$/.test(name)) return { code: "not-found" };
  if (name.includes("LimitExceeded")) return quota;
  if (/^(ECONN|ENOTFOUND|EAI_|EPIPE|EHOST|ENET|ETIMEDOUT)|Timeout/.test(name)) {
    return {
      code: "unreachable",
      retryable: true,
      hint: "check the network, the region's name and AWS_ENDPOINT_URL",
    };
  }
  if (status === undefined) return undefined;
  if (status === 429) return throttled;
  if (status >= 500) return { code: "unreachable", retryable: true };
  return status >= 400 ? { code: "config" } : undefined;
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").replace(/\.$/, "");
}

/** Runs a change; answers that say it is done already are well. */
export async function ignoring(pattern: RegExp, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!hasAwsCode(error, pattern)) throw error;
  }
}
