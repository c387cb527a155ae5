import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Answer, Request } from "./answer.ts";
import { images } from "./catalog.ts";
import { loopbackCertificate } from "./certificate.ts";
import { createCloud, type Cloud } from "./cloud.ts";
import { login, principalOf, tenant, type Principal } from "./login.ts";
import { powerAnswer } from "./power.ts";
import { Refusal } from "./refusal.ts";
import { resourceAnswer, targetOf } from "./resources.ts";
import { subscriptionRoutes, type Settings } from "./subscription.ts";
import { checkVersion } from "./versions.ts";

export { tenant } from "./login.ts";

export const subscription = "22222222-2222-4222-8222-222222222222";

/** Principals that the fake knows: one that may give roles, and one that may not. */
export const owner = {
  ...{ client: "33333333-3333-4333-8333-333333333333", secret: "owner-secret", role: "Owner" },
} as const satisfies Principal;
export const contributor = {
  ...{ client: "44444444-4444-4444-8444-444444444444", secret: "contributor-secret" },
  role: "Contributor",
} as const satisfies Principal;

/** One call of ARM. */
export interface ArmCall {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: unknown;
  /** How many calls came before it. */
  readonly number: number;
}

/** What happens to a call instead of being carried out and answered. */
export type ArmFault =
  | {
      readonly kind: "error";
      readonly status: number;
      readonly code: string;
      /** Seconds, as the header has them. */
      readonly retryAfter?: number;
    }
  /** Carried out, but the connection breaks before the answer. */
  | { readonly kind: "answer-lost" }
  /** The connection breaks before anything is carried out. */
  | { readonly kind: "not-sent" };

export interface Arm {
  /** "https://127.0.0.1:port": of Azure Resource Manager and of the login. */
  readonly endpoint: string;
  /** File of the certificate that clients must trust. */
  readonly authority: string;
  readonly certificate: string;
  readonly cloud: Cloud;
  readonly settings: Settings;
  /** Calls of ARM since the last reset, polls and logins left out. */
  readonly calls: readonly ArmCall[];
  /** Decides about each call before it is carried out; a test's kill hook, too. */
  rule: (call: ArmCall) => ArmFault | undefined;
  /** Told after every call and every look at what is under way. */
  changed: () => void;
  /** Seconds between two looks at what is under way; 0 leaves the pace to the client. */
  lookEvery: number;
  /** Items of a list's page. */
  pageSize: number;
  /** Server that lists name for their next page; absent: this one. */
  nextPageAt: string | undefined;
  reset(): void;
  stop(): Promise<void>;
}

const freshSettings = (): Settings => ({
  state: "Enabled",
  quotas: {
    cores: [100, 0],
    lowPriorityCores: [100, 0],
    virtualMachines: [100, 0],
    standardBSFamily: [50, 0],
    standardDSv5Family: [50, 0],
    PublicIPAddresses: [20, 0],
    StandardPublicIPAddresses: [20, 0],
  },
  unregistered: new Set(),
  lateIdentities: 0,
});

/**
 * Starts a server on loopback that behaves as Azure Resource Manager does: creates and deletes take
 * time, what is in use stays, bodies are checked against the specification, nothing is anonymous.
 */
export async function startArm(folder: string): Promise<Arm> {
  const { certificate, key } = await loopbackCertificate();
  const authority = join(folder, "authority.pem");
  await writeFile(authority, certificate);
  const principals = [owner, contributor];
  let calls: ArmCall[] = [];
  const arm: Arm & { endpoint: string; cloud: Cloud; settings: Settings } = {
    ...{ endpoint: "", authority, certificate, pageSize: 50, nextPageAt: undefined },
    lookEvery: 0,
    cloud: createCloud(subscription),
    settings: freshSettings(),
    get calls() {
      return calls;
    },
    rule: () => undefined,
    changed: () => undefined,
    reset: () => {
      calls = [];
      arm.cloud = createCloud(subscription);
      arm.settings = freshSettings();
      arm.rule = () => undefined;
      arm.pageSize = 50;
      arm.nextPageAt = undefined;
      routes = subscriptionRoutes(arm.cloud, arm.settings, callerOf);
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
  const callerOf = ({ headers }: Request): Principal => {
    const found = principalOf(headers["authorization"], principals);
    if (found) return found;
    throw new Refusal(
      401,
      "AuthenticationFailed",
      "Authentication failed. The 'Authorization' header is missing.",
    );
  };
  let routes = subscriptionRoutes(arm.cloud, arm.settings, callerOf);

  const answerTo = (request: Request): Answer => {
    callerOf(request);
    checkVersion(request.path, request.query.get("api-version"));
    const target = targetOf(request.path);
    const answer =
      target &&
      (powerAnswer(arm.cloud, target, request) ?? resourceAnswer(arm.cloud, target, request));
    if (answer) return answer;
    for (const [method, path, route] of routes) {
      const found = method === request.method ? path.exec(request.path) : null;
      if (found)
        return route(
          found.slice(1).map((one) => (one as string | undefined) ?? ""),
          request,
        );
    }
    throw new Refusal(
      404,
      "InvalidResourceType",
      `The resource type of '${request.method} ${request.path}' could not be found in the namespace for api version '${request.query.get("api-version") ?? ""}'.`,
    );
  };

  const answerCall = (call: ArmCall, request: Request, incoming: IncomingMessage) => {
    calls.push(call);
    const fault = arm.rule(call);
    if (fault?.kind === "error") return refusalOf(fault);
    const answer = fault?.kind === "not-sent" ? undefined : attempt(() => answerTo(request));
    if (fault === undefined) return answer;
    incoming.socket.destroy();
    return undefined;
  };

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const text = await textOf(incoming);
    const url = new URL(incoming.url ?? "/", arm.endpoint);
    const method = incoming.method ?? "GET";
    const path = plainPath(url);
    const answered =
      login(path, new URLSearchParams(text), arm.endpoint, principals) ?? poll(arm.cloud, path);
    if (answered) {
      arm.changed();
      send(outgoing, paced(answered, arm));
      return;
    }
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const headers = incoming.headers as Request["headers"];
    const answer = answerCall(
      { method, path, query: url.search, body, number: calls.length },
      { method, path, query: url.searchParams, headers, body, endpoint: arm.endpoint },
      incoming,
    );
    arm.changed();
    if (answer) send(outgoing, paged(paced(answer, arm), url, arm));
  };

  const server = createServer({ cert: certificate, key }, (incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy(error as Error);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  arm.endpoint = `https://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`;
  return arm;
}

/** The environment in which a program finds the fake, and nothing else of Azure. */
export function armEnvironment({ endpoint, authority }: Arm, as: Principal = owner) {
  return {
    AZURE_AUTHORITY_HOST: endpoint,
    AZURE_RESOURCE_MANAGER_ENDPOINT: endpoint,
    AZURE_SUBSCRIPTION_ID: subscription,
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_ID: as.client,
    AZURE_CLIENT_SECRET: as.secret,
    NODE_EXTRA_CA_CERTS: authority,
  };
}

const plainPath = (url: URL): string =>
  decodeURIComponent(url.pathname)
    .replace(/\/+$/, "")
    .replace(/^\/{2,}/, "/");

function refusalOf(fault: Extract<ArmFault, { kind: "error" }>): Answer {
  const { status, code, retryAfter } = fault;
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  return { status, headers, body: errorBody(code, `${code} by the fake`) };
}

function attempt(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: error.status, headers: {}, body: errorBody(error.code, error.message) };
  }
}

const errorBody = (code: string, message: string) => ({ error: { code, message } });

function poll(cloud: Cloud, path: string): Answer | undefined {
  const [, kind, id = ""] = /\/locations\/any\/(operations|results)\/([^/]+)$/.exec(path) ?? [];
  if (kind === undefined) return undefined;
  const operation = cloud.operations.get(id);
  if (!operation)
    return { status: 404, headers: {}, body: errorBody("NotFound", `no operation ${id}`) };
  cloud.advance(operation);
  const busy = operation.status === "InProgress";
  if (kind === "results") return { status: busy ? 202 : 200, headers: { "retry-after": "0" } };
  const { failure } = operation;
  const error = operation.status === "Failed" &&
    failure && { code: failure.code, message: failure.message };
  return {
    status: 200,
    headers: busy ? { "retry-after": "0" } : {},
    body: { name: id, status: operation.status, ...(error && { error }) },
  };
}

/** Who is told to look again is told when. */
function paced(answer: Answer, { lookEvery }: Pick<Arm, "lookEvery">): Answer {
  const { "retry-after": told, ...headers } = answer.headers;
  if (told !== "0" || lookEvery === 0) return answer;
  return { ...answer, headers: { ...headers, "retry-after": String(lookEvery) } };
}

/** A list's page, with the address of the next one. */
function paged(
  answer: Answer,
  url: URL,
  { pageSize: size, nextPageAt }: Pick<Arm, "pageSize" | "nextPageAt">,
): Answer {
  const { value } = (answer.body ?? {}) as { value?: unknown[] };
  if (!Array.isArray(value) || value.length <= size) return answer;
  const from = Number(url.searchParams.get("$skiptoken") ?? 0);
  const next = new URL(url.pathname + url.search, nextPageAt ?? url);
  next.searchParams.set("$skiptoken", String(from + size));
  const nextLink = from + size < value.length ? { nextLink: next.href } : {};
  return { ...answer, body: { value: value.slice(from, from + size), ...nextLink } };
}

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  outgoing.writeHead(status, {
    ...headers,
    ...(text !== "" && { "content-type": "application/json; charset=utf-8" }),
    "content-length": Buffer.byteLength(text),
    "x-ms-request-id": "fake",
  });
  outgoing.end(text);
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Gives an image another version, as its publisher does every week. */
export function publish(offer: string, version: string): () => void {
  const found = images.find((one) => one.offer === offer);
  const before = found?.versions ?? [];
  if (found) found.versions = [...before, version];
  return () => {
    if (found) found.versions = before;
  };
}
