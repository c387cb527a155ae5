import { azureError, hasAzureCode } from "./azure-error.ts";
import { openClients, subscriptionClient, type Clients, type Pace } from "./clients.ts";
import { openLogin } from "./login.ts";
import type { AzureConfiguration } from "./configuration.ts";
import type { SubscriptionClient } from "@azure/arm-resources-subscriptions";
import type { Clock } from "#core/clock";
import { ClouderError, hasCode, isClouderError, throwIfCancelled } from "#core/error";
import type { Reporter } from "#core/report";
import { retry, type RetryPolicy } from "#core/retry";

/** A way to Azure Resource Manager, with what every call needs. */
export interface ArmSession {
  readonly endpoint: string;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal?: AbortSignal | undefined;
  clients(subscription: string): Clients;
  subscriptions(): Promise<SubscriptionClient>;
}

/** What the SDKs' calls are given. */
export interface CallOptions {
  readonly abortSignal?: AbortSignal;
  readonly updateIntervalInMs: number;
}

/** What the SDKs' calls give: an answer, or a poller of something that takes time. */
export type Sent<T> = PromiseLike<T> & { pollUntilDone?(options: CallOptions): Promise<T> };

/** The end of it; awaited as it is, a poller would not hear of Ctrl-C between two looks. */
export const ended = <T>(sent: Sent<T>, options: CallOptions): PromiseLike<T> =>
  sent.pollUntilDone?.(options) ?? sent;

type Surroundings = Pick<ArmSession, "clock" | "report" | "signal"> & {
  readonly pace?: Pace | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
};

const usualPace: Pace = { retryMs: 500, pollMs: 5000 };

/** Opens the way; nothing is asked yet. */
export function openSession(
  configuration: AzureConfiguration,
  { environment = {}, clock, report, signal, pace = usualPace }: Surroundings,
): ArmSession {
  const endpoint = (
    environment["AZURE_RESOURCE_MANAGER_ENDPOINT"] ?? "https://management.azure.com"
  ).replace(/\/+$/, "");
  if (!endpoint.startsWith("https://")) {
    throw new ClouderError("config", `AZURE_RESOURCE_MANAGER_ENDPOINT "${endpoint}" is not https`, {
      hint: "tokens are sent there: give an address that begins with https://",
    });
  }
  const { exposed } = configuration;
  if (exposed !== undefined) {
    const message = `others can read ${exposed}, which holds a secret: chmod 600 ${exposed}`;
    report({ type: "note", level: "warn", message });
  }
  const way = { endpoint, pace, credential: openLogin(configuration, environment, clock) };
  const opened = new Map<string, Clients>();
  return {
    ...{ endpoint, pace, clock, report, signal },
    clients: (subscription) => {
      const known = opened.get(subscription) ?? openClients(way, subscription);
      opened.set(subscription, known);
      return known;
    },
    subscriptions: subscriptionClient(way),
  };
}

/** Calls that fail for a moment; the SDK sent each of them several times already. */
const tries = 3;
/** Looks at something that another call is changing. */
const looks = 9;

/**
 * One call, every one of which may be repeated: creates and deletes go by name. What passes by itself
 * is waited out; `until` names more of that.
 */
export async function call<T>(
  session: ArmSession,
  doing: string,
  send: (options: CallOptions) => PromiseLike<T>,
  until: (error: unknown) => boolean = () => false,
): Promise<T> {
  const { clock, signal, pace } = session;
  const aborting = signal && { abortSignal: signal };
  let failures = 0;
  const policy: RetryPolicy = {
    ...{ attempts: 4 * looks, firstDelayMs: 250, maxDelayMs: 15_000 },
    when: (error) => {
      failures += 1;
      return until(error) || failures < patience(error);
    },
  };
  const once = async (): Promise<T> => {
    throwIfCancelled(signal);
    try {
      return await send({ updateIntervalInMs: pace.pollMs, ...aborting });
    } catch (error) {
      throwIfCancelled(signal);
      throw azureError(error, doing);
    }
  };
  return await retry(policy, clock, once, signal);
}

/** What is in use stays so for longer: removals come back to it. */
function patience(error: unknown): number {
  if (!isClouderError(error) || !error.retryable) return 0;
  if (!hasCode(error, "conflict")) return tries;
  return hasAzureCode(error, /^(AnotherOperationInProgress|RetryableError)$/) ? looks : 0;
}

/** What was asked for; undefined when there is no such thing. */
export async function find<T>(
  session: ArmSession,
  doing: string,
  send: (options: CallOptions) => PromiseLike<T>,
): Promise<T | undefined> {
  try {
    return await call(session, doing, send);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** True when ARM says that the thing or its group does not exist. */
export const isGone = (error: unknown): boolean =>
  hasCode(error, "not-found") && !hasAzureCode(error, /Subscription/);

/** All items of all pages. */
export async function everyItem<T>(
  session: ArmSession,
  doing: string,
  list: (options: CallOptions) => PromiseLike<AsyncIterable<T>>,
): Promise<readonly T[]> {
  return await call(session, doing, async (options) => {
    const found: T[] = [];
    for await (const item of await list(options)) {
      throwIfCancelled(session.signal);
      found.push(item);
    }
    return found;
  });
}
