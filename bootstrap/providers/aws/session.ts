import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { awsError, hasAwsCode } from "./aws-error.ts";
import type { Clock } from "#core/clock";
import { ClouderError, isClouderError, throwIfCancelled } from "#core/error";
import type { Reporter } from "#core/report";
import { retry, type RetryPolicy } from "#core/retry";

/** Clients of one region, with what every call needs. */
export interface AwsSession {
  readonly region: string;
  readonly ec2: EC2Client;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly iam: IAMClient;
  readonly quotas: ServiceQuotasClient;
  readonly ssm: SSMClient;
  readonly sts: STSClient;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal?: AbortSignal | undefined;
}

export interface SessionRequest extends Pick<AwsSession, "clock" | "report" | "signal"> {
  readonly region?: string | undefined;
  /** AWS_REGION and AWS_DEFAULT_REGION are looked for here; the SDK reads the rest itself. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Clients with the SDK's chain of credentials; `config` when nothing names a region. */
export async function openSession(request: SessionRequest): Promise<AwsSession> {
  const { environment = {}, clock, report, signal } = request;
  const named =
    request.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? undefined;
  // Our own retries know which calls may be repeated; the SDK's would make things twice.
  const config = {
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 10_000, requestTimeout: 60_000 },
  };
  const ec2 = new EC2Client({ ...config, ...(named !== undefined && { region: named }) });
  const region = await ec2.config.region().catch((error: unknown) => {
    throw new ClouderError("config", "no AWS region is chosen", {
      hint: "give --region, for example us-east-1, or set AWS_REGION",
      cause: error,
    });
  });
  const rest = { ...config, region, credentials: ec2.config.credentials };
  return {
    region,
    ec2,
    elb: new ElasticLoadBalancingV2Client(rest),
    iam: new IAMClient(rest),
    quotas: new ServiceQuotasClient(rest),
    ssm: new SSMClient(rest),
    sts: new STSClient(rest),
    clock,
    report,
    signal,
  };
}

/** Whose credentials these are. */
export interface Caller {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  /** Time at which the credentials end; absent: they do not, or nobody knows. */
  readonly expires?: Date;
}

/** The identity behind the credentials; `unauthenticated` with the cure when there is none. */
export async function callerOf(session: AwsSession): Promise<Caller> {
  const keys = await look(session, "locate credentials", () => session.ec2.config.credentials());
  const answer = await look(session, "ask who is calling", () =>
    session.sts.send(new GetCallerIdentityCommand({})),
  );
  return {
    account: answer.Account ?? "",
    arn: answer.Arn ?? "",
    userId: answer.UserId ?? "",
    ...(keys.expiration && { expires: keys.expiration }),
  };
}

const patient: RetryPolicy = {
  attempts: 9,
  firstDelayMs: 250,
  maxDelayMs: 15_000,
  // What is in use stays so for longer: removals come back to it.
  when: (error) => isClouderError(error) && error.retryable && error.code !== "conflict",
};

/** A call that can be repeated at will: throttling and a network that fails for a moment are waited out. */
export function look<T>(session: AwsSession, doing: string, send: () => Promise<T>): Promise<T> {
  return calling(session, doing, send, patient);
}

/** A look at what is well to know: nobody waits for a service that does not answer. */
export function glance<T>(session: AwsSession, doing: string, send: () => Promise<T>): Promise<T> {
  return calling(session, doing, send, { ...patient, attempts: 3 });
}

/**
 * A change that can be repeated at will. `until` names further AWS codes that pass by themselves:
 * what was just made is not known everywhere at once.
 */
export function change<T>(
  session: AwsSession,
  doing: string,
  send: () => Promise<T>,
  until = /NotFound|NoSuchEntity/,
): Promise<T> {
  return calling(session, doing, send, {
    attempts: 30,
    firstDelayMs: 250,
    maxDelayMs: 5000,
    when: (error) => (isClouderError(error) && error.retryable) || hasAwsCode(error, until),
  });
}

/** A create that must not happen twice: only a refusal by the throttle or the clock is repeated. */
export function createOnce<T>(
  session: AwsSession,
  doing: string,
  send: () => Promise<T>,
  until?: RegExp,
): Promise<T> {
  return calling(session, doing, send, {
    attempts: 30,
    firstDelayMs: 250,
    maxDelayMs: 5000,
    when: (error) =>
      (isClouderError(error) && error.retryable && error.code !== "unreachable") ||
      (until !== undefined && hasAwsCode(error, until)),
  });
}

async function calling<T>(
  { clock, signal }: AwsSession,
  doing: string,
  send: () => Promise<T>,
  policy: RetryPolicy,
): Promise<T> {
  try {
    return await retry(
      policy,
      clock,
      async () => {
        throwIfCancelled(signal);
        try {
          return await untilAborted(send(), signal);
        } catch (error) {
          throw awsError(error, doing);
        }
      },
      signal,
    );
  } catch (error) {
    throwIfCancelled(signal);
    throw error;
  }
}

/** Nobody waits for an answer after Ctrl-C; what the call did is found at the next run. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await work;
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      reject(new ClouderError("cancelled", "cancelled"));
    };
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
    work.catch(() => undefined);
  }
}
