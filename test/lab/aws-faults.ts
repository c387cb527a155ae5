import { createHash } from "node:crypto";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { lateness, type Lateness } from "./aws-lateness.ts";

/** One call of AWS as it comes over the wire. */
export interface AwsCall {
  /** "RunInstances"; for JSON services the part of the target after the dot. */
  readonly action: string;
  readonly parameters: URLSearchParams;
  /** How many calls came before it. */
  readonly number: number;
}

/** What happens to a call instead of being passed on and answered. */
export type Fault =
  | { readonly kind: "error"; readonly code: string; readonly status?: number }
  /** Carried out, but the connection breaks before the answer. */
  | { readonly kind: "answer-lost" }
  /** The connection breaks before anything is carried out. */
  | { readonly kind: "not-sent" }
  /** Answered without asking the server: for services that it does not have. */
  | { readonly kind: "answer"; readonly body: string };

export interface AwsFaults {
  readonly endpoint: string;
  /** All calls since the last reset. */
  readonly calls: readonly AwsCall[];
  /** Decides about each call; undefined passes it on. */
  rule: (call: AwsCall) => Fault | undefined;
  /** Told of every call that succeeded, before its answer goes out; gives the answer's text. */
  answered: (call: AwsCall, body: string) => string | Promise<string>;
  /** New things are unknown to the first looks of this many; 0 switches that off. */
  lateLooks: number;
  /** Forgets calls, rules, tokens and what is late. */
  reset(): void;
  stop(): Promise<void>;
}

/**
 * A proxy in front of moto that behaves as AWS does where moto does not: client tokens are honoured,
 * what was just made is found late, and faults come where a test wants them.
 */
export async function startAwsFaults(target: string): Promise<AwsFaults> {
  const tokens = new Map<string, { readonly parameters: string; readonly answer: Answer }>();
  const ended = new Set<string>();
  let calls: AwsCall[] = [];
  let late: Lateness = lateness();
  const faults: AwsFaults = {
    endpoint: "",
    get calls() {
      return calls;
    },
    rule: () => undefined,
    answered: (_call, body) => body,
    lateLooks: 0,
    reset: () => {
      calls = [];
      tokens.clear();
      late = lateness();
      faults.rule = () => undefined;
      faults.lateLooks = 0;
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await textOf(incoming);
    const call = callOf(incoming, body, calls.length);
    calls.push(call);
    const fault = faults.rule(call) ?? late.refusal(call);
    if (fault?.kind === "error") {
      send(outgoing, errorAnswer(call, fault.code, fault.status ?? 400));
      return;
    }
    if (fault?.kind === "answer") {
      send(outgoing, { status: 200, headers: {}, body: fault.body });
      return;
    }
    if (fault?.kind === "not-sent") {
      incoming.socket.destroy();
      return;
    }
    const answer = await answerTo(call, incoming, body);
    const told =
      answer.status === 200
        ? { ...answer, body: await faults.answered(call, answer.body) }
        : answer;
    if (fault?.kind === "answer-lost") incoming.socket.destroy();
    else send(outgoing, told);
  };

  const answerTo = async (
    call: AwsCall,
    incoming: IncomingMessage,
    body: string,
  ): Promise<Answer> => {
    for (const [name, id] of call.parameters) {
      if (call.action === "TerminateInstances" && name.startsWith("InstanceId.")) ended.add(id);
    }
    const token = call.parameters.get("ClientToken");
    const key = token === null ? undefined : `${call.action} ${token}`;
    const known = key === undefined ? undefined : tokens.get(key);
    if (known && [...ended].some((id) => known.answer.body.includes(`>${id}<`))) {
      return errorAnswer(call, "IdempotentInstanceTerminated", 400);
    }
    if (known) {
      return known.parameters === parametersOf(call)
        ? known.answer
        : errorAnswer(call, "IdempotentParameterMismatch", 400);
    }
    const answer = await pass(target, incoming, body);
    if (answer.status !== 200) return answer;
    if (key !== undefined) tokens.set(key, { parameters: parametersOf(call), answer });
    late.made(call, answer.body, faults.lateLooks);
    return { ...answer, body: late.seen(call, answer.body) };
  };

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy(error as Error);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return Object.assign(faults, { endpoint: `http://127.0.0.1:${port ?? 0}` });
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  outgoing.end(body);
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function callOf(incoming: IncomingMessage, body: string, number: number): AwsCall {
  const target = incoming.headers["x-amz-target"];
  if (typeof target === "string") {
    const parameters = new URLSearchParams({ body });
    return { action: target.split(".").at(-1) ?? "", parameters, number };
  }
  const parameters = new URLSearchParams(body);
  return { action: parameters.get("Action") ?? "", parameters, number };
}

function parametersOf({ parameters }: AwsCall): string {
  return createHash("sha256")
    .update([...parameters].sort().join("\n"))
    .digest("hex");
}

function pass(target: string, incoming: IncomingMessage, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...incoming.headers, "accept-encoding": "identity" };
    const onward = request(
      new URL(incoming.url ?? "/", target),
      { method: incoming.method ?? "POST", headers },
      (answer) => {
        textOf(answer).then((text) => {
          resolve({
            status: answer.statusCode ?? 500,
            headers: { "content-type": answer.headers["content-type"] ?? "text/xml" },
            body: text,
          });
        }, reject);
      },
    );
    onward.once("error", reject);
    onward.end(body);
  });
}

function errorAnswer({ parameters }: AwsCall, code: string, status: number): Answer {
  const message = `${code} by the fault proxy`;
  if (parameters.has("body")) {
    return { status, headers: {}, body: JSON.stringify({ __type: code, message }) };
  }
  const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  // EC2 answers in one form, the other query services in another.
  const body =
    parameters.get("Version") === "2016-11-15"
      ? `<Response><Errors>${error}</Errors><RequestID>1</RequestID></Response>`
      : `<ErrorResponse>${error}<RequestId>1</RequestId></ErrorResponse>`;
  return { status, headers: { "content-type": "text/xml" }, body };
}
