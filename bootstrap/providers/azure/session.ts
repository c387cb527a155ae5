import { armRefusal, hasAzureCode } from "./azure-error.ts";
import { openLogin, type Login } from "./login.ts";
import type { AzureConfiguration } from "./configuration.ts";
import type { Clock } from "#core/clock";
import { ClouderError, hasCode, isClouderError, messageOf, throwIfCancelled } from "#core/error";
import type { Reporter } from "#core/report";

/** A way to Azure Resource Manager, with what every call needs. */
export interface ArmSession {
  readonly endpoint: string;
  readonly login: Login;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly signal?: AbortSignal | undefined;
}

export interface ArmRequest {
  readonly method: "GET" | "PUT" | "PATCH" | "POST" | "DELETE";
  /** With the api-version, from `below`. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the call is for, in the user's words: "create dev-vnet". */
  readonly doing: string;
}

interface ArmAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

type Surroundings = Pick<ArmSession, "clock" | "report" | "signal"> & {
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
};

/** Opens the way; nothing is asked yet. */
export function openSession(
  configuration: AzureConfiguration,
  { environment = {}, clock, report, signal }: Surroundings,
): ArmSession {
  const endpoint = (
    environment["AZURE_RESOURCE_MANAGER_ENDPOINT"] ?? "https://management.azure.com"
  ).replace(/\/+$/, "");
  if (!endpoint.startsWith("https://")) {
    throw new ClouderError("config", `AZURE_RESOURCE_MANAGER_ENDPOINT "${endpoint}" is not https`, {
      hint: "tokens are sent there: give an address that begins with https://",
    });
  }
  const login = openLogin(configuration, environment, endpoint, clock);
  return { endpoint, login, clock, report, signal };
}

const longestTryMs = 90_000;
const tries = 9;
const longestWaitMs = 60_000;

/**
 * One call, every one of which may be repeated: creates and deletes go by name. A throttle, a network
 * that fails for a moment and what passes by itself are waited out; `until` names more of that.
 */
export async function call(
  session: ArmSession,
  request: ArmRequest,
  until: (error: unknown) => boolean = () => false,
): Promise<ArmAnswer> {
  const { clock, signal } = session;
  for (let attempt = 1; ; attempt += 1) {
    throwIfCancelled(signal);
    try {
      return await once(session, request, attempt > 1);
    } catch (error) {
      throwIfCancelled(signal);
      const again = until(error) || (passes(error) && attempt < tries);
      if (!again || attempt >= 4 * tries) throw error;
      const asked = isClouderError(error) ? Number(error.details["retryAfterMs"] ?? 0) : 0;
      const patience = Math.min(15_000, 250 * 2 ** (attempt - 1));
      const wait = Math.max(Math.min(asked, longestWaitMs), Math.random() * patience);
      await clock.sleep(wait, signal);
    }
  }
}

/** What is in use stays so for longer: removals come back to it. */
const passes = (error: unknown): boolean =>
  isClouderError(error) &&
  error.retryable &&
  (error.code !== "conflict" ||
    hasAzureCode(error, /^(AnotherOperationInProgress|RetryableError)$/));

async function once(
  session: ArmSession,
  { method, path, body, headers = {}, doing }: ArmRequest,
  again: boolean,
): Promise<ArmAnswer> {
  const url = new URL(path, session.endpoint);
  // Addresses to follow come from answers: no other server is to see the token.
  if (url.origin !== new URL(session.endpoint).origin) {
    throw new ClouderError("refused", `Azure's answer points to another server, ${url.host}`);
  }
  const token = await session.login.token(session.signal);
  const limit = AbortSignal.timeout(longestTryMs);
  const signal = session.signal ? AbortSignal.any([limit, session.signal]) : limit;
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, {
      ...{ method, signal, redirect: "error" },
      headers: {
        authorization: `Bearer ${token}`,
        "user-agent": "kubectl-clouder",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    text = await answer.text();
  } catch (error) {
    throw new ClouderError("unreachable", `cannot ${doing}: ${networkMessage(error)}`, {
      hint: "check the network and AZURE_RESOURCE_MANAGER_ENDPOINT",
      retryable: true,
      cause: error,
    });
  }
  const content = parsed(text);
  if (answer.ok) return { status: answer.status, headers: answer.headers, body: content };
  if (answer.status === 401 && !again) await session.login.token(session.signal, true);
  throw withWait(armRefusal(answer.status, content, doing), answer.headers.get("retry-after"));
}

function withWait(error: ClouderError, header: string | null): ClouderError {
  const seconds = Number(header ?? Number.NaN);
  if (!Number.isFinite(seconds)) return error;
  const { code, message, hint, retryable, details } = error;
  return new ClouderError(code, message, {
    ...(hint !== undefined && { hint }),
    retryable,
    details: { ...details, retryAfterMs: seconds * 1000 },
  });
}

function networkMessage(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  return messageOf(cause ?? error);
}

function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A proxy's page: the status says enough.
    return undefined;
  }
}

/** A thing by its path; undefined when there is none. */
export async function find<T>(
  session: ArmSession,
  path: string,
  doing: string,
): Promise<T | undefined> {
  try {
    return (await call(session, { method: "GET", path, doing })).body as T;
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
  path: string,
  doing: string,
): Promise<readonly T[]> {
  const found: T[] = [];
  let next: string | undefined = path;
  while (next !== undefined) {
    const { body } = await call(session, { method: "GET", path: next, doing });
    const page = body as { readonly value?: readonly T[]; readonly nextLink?: string };
    found.push(...(page.value ?? []));
    next = page.nextLink;
  }
  return found;
}

/** Waits for the end of what an answer began; throws the reason when it failed. */
export async function finished(
  session: ArmSession,
  { status, headers }: ArmAnswer,
  doing: string,
): Promise<void> {
  const follow = headers.get("azure-asyncoperation");
  const path = follow ?? (status === 202 ? headers.get("location") : null);
  if (path === null) return;
  for (let wait = waitOf(headers); ;) {
    await session.clock.sleep(wait, session.signal);
    const answer = await call(session, { method: "GET", path, doing });
    if (follow === null ? answer.status !== 202 : isOver(answer.body, doing)) return;
    wait = waitOf(answer.headers);
  }
}

function isOver(body: unknown, doing: string): boolean {
  const { status = "", error } = (body ?? {}) as {
    readonly status?: string;
    readonly error?: unknown;
  };
  if (/^(failed|canceled)$/i.test(status)) throw armRefusal(400, { error }, doing);
  return /^succeeded$/i.test(status);
}

/** The server's word, else five seconds. */
function waitOf(headers: Headers): number {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, longestWaitMs) : 5000;
}
