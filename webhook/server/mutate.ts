import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf } from "#core/error";
import type { PodRequest } from "#webhook/policy/request";
import {
  allowAnswer,
  faultAnswer,
  ignoreAnswer,
  problemAnswer,
  refusalAnswer,
  type OnFault,
  type Verdict,
} from "#webhook/review/answer";
import { readReview, salvageUid, type Reading } from "#webhook/review/read";
import { bodyLimit, isTooDense, type BodyRoom, type BodyShare } from "#webhook/server/body-room";
import { timeLimit, type Call, type Calls } from "#webhook/server/calls";
import type { DrainState } from "#webhook/server/listener";
import type { CallResult, Figures } from "#webhook/server/figures";
import type { Troubles } from "#webhook/server/troubles";
import { inTurns } from "#webhook/server/turn";

export interface MutateContext {
  /** At once, or later when something has to be asked. */
  readonly decide: (request: PodRequest) => Verdict | Promise<Verdict>;
  /** Called after the answer was given; not for dry runs. Must not throw. */
  readonly decided: (request: PodRequest, verdict: Verdict) => void;
  readonly onFault: OnFault;
  readonly timeoutMs: number;
  readonly calls: Calls;
  readonly room: BodyRoom;
  readonly figures: Figures;
  readonly troubles: Troubles;
  readonly now: () => number;
  readonly drain: DrainState;
}

/** One call from its head to its answer. */
interface Exchange {
  readonly context: MutateContext;
  readonly response: ServerResponse;
  readonly share: BodyShare;
  readonly chunks: Buffer[];
  readonly contentType: string | undefined;
  readonly call: Call;
  /** Of the envelope, once it is known. */
  uid: string | undefined;
  isAnswered: boolean;
}

/**
 * The path of POST /mutate. Law: each call gets exactly one answer, within its time limit; an answer
 * to an AdmissionReview carries its uid; nothing a caller sends makes it throw.
 */
export function createMutate(
  context: MutateContext,
): (request: IncomingMessage, response: ServerResponse) => void {
  const whole = inTurns(received);
  return (request, response) => {
    const limit = timeLimit(request.url ?? "", context.timeoutMs);
    const exchange: Exchange = {
      context,
      response,
      share: { held: 0 },
      chunks: [],
      contentType: request.headers["content-type"],
      call: context.calls.begin(limit, () => {
        late(exchange, limit);
      }),
      uid: undefined,
      isAnswered: false,
    };
    // Comes after the answer, and when the caller goes away before it.
    response.on("close", () => {
      exchange.isAnswered = true;
      close(exchange);
    });
    if (request.method !== "POST") {
      response.setHeader("Allow", "POST");
      problem(exchange, 405, "bad_request", "only POST is answered here");
      request.resume();
      return;
    }
    receive(exchange, request, whole);
  };
}

function receive(
  exchange: Exchange,
  request: IncomingMessage,
  whole: (exchange: Exchange) => void,
): void {
  const { share, chunks, context } = exchange;
  const declared = Number(request.headers["content-length"] ?? 0);
  // No listener for errors: without one a caller who went away is none, and the response's close cleans up.
  request.on("data", (chunk: Buffer) => {
    if (exchange.isAnswered) return; // What is left of a body that was refused.
    if (declared > bodyLimit || share.held + chunk.length > bodyLimit) {
      const message = `the body is larger than ${bodyLimit} bytes`;
      problem(exchange, 413, "too_large", message, chunks[0] ?? chunk);
    } else if (context.room.take(share, chunk.length)) chunks.push(chunk);
    else problem(exchange, 503, "busy", "too many calls at once", chunks[0] ?? chunk);
  });
  request.on("end", () => {
    whole(exchange);
  });
}

function received(exchange: Exchange): void {
  const { chunks, contentType } = exchange;
  if (exchange.isAnswered) return; // Refused while it came in, too late, or the caller is gone.
  const [first] = chunks;
  const body = chunks.length === 1 && first ? first : Buffer.concat(chunks);
  if (!isJson(contentType)) {
    problem(exchange, 415, "bad_request", "expected Content-Type application/json", body);
    return;
  }
  if (isTooDense(body)) {
    problem(exchange, 413, "too_large", "the body holds too many values", body);
    return;
  }
  const reading = readReview(body.toString("utf8"));
  chunks.length = 0;
  exchange.uid = reading.uid;
  switch (reading.kind) {
    case "bad":
      problem(exchange, 400, "bad_request", reading.reason);
      return;
    case "ignore":
      answer(exchange, "ignored", ignoreAnswer(reading.uid));
      return;
    case "pod":
      decideOn(exchange, reading);
      return;
  }
}

function isJson(contentType: string | undefined): boolean {
  return (
    contentType === "application/json" || /^application\/json\s*(;|$)/i.test(contentType ?? "")
  );
}

type PodReading = Extract<Reading, { readonly kind: "pod" }>;

function decideOn(exchange: Exchange, reading: PodReading): void {
  try {
    const verdict = exchange.context.decide(reading.request);
    if (verdict instanceof Promise) void decideLater(exchange, reading, verdict);
    else decided(exchange, reading, verdict);
  } catch (error) {
    fault(exchange, reading.uid, "internal fault", messageOf(error));
  }
}

async function decideLater(
  exchange: Exchange,
  reading: PodReading,
  verdict: Promise<Verdict>,
): Promise<void> {
  try {
    decided(exchange, reading, await verdict);
  } catch (error) {
    fault(exchange, reading.uid, "internal fault", messageOf(error));
  }
}

function decided(exchange: Exchange, { uid, request, dryRun }: PodReading, verdict: Verdict): void {
  const { context } = exchange;
  if (exchange.isAnswered) return; // Too late.
  if (verdict.refusal !== undefined) {
    answer(exchange, "refused", refusalAnswer(uid, verdict));
  } else {
    const result = verdict.operations.length > 0 ? "patched" : "unchanged";
    answer(exchange, result, allowAnswer(uid, verdict));
  }
  if (dryRun) return;
  context.figures.countOutcomes(verdict.outcomes);
  context.decided(request, verdict);
}

/** Runs once when the time limit of a call has passed. */
function late(exchange: Exchange, limitMs: number): void {
  if (exchange.isAnswered) return;
  const { uid } = exchange;
  if (uid !== undefined) {
    const reason = `no decision within ${Math.round(limitMs)} ms`;
    fault(exchange, uid, reason, reason);
    return;
  }
  // The rest of the body may never come: the connection is of no more use.
  exchange.response.shouldKeepAlive = false;
  problem(exchange, 408, "late_body", "the body came too slowly", exchange.chunks[0]);
}

function fault(exchange: Exchange, uid: string, reason: string, cause: string): void {
  const { context } = exchange;
  context.troubles.note(cause, { uid: uid.slice(0, 64), reason });
  if (exchange.isAnswered) return;
  const { onFault } = context;
  const result = onFault === "allow" ? "fault_allowed" : "fault_denied";
  answer(exchange, result, faultAnswer(uid, onFault, reason));
}

/** An answer that is no decision; the start of the body may tell whose call it was. */
function problem(
  exchange: Exchange,
  code: number,
  result: CallResult,
  message: string,
  start?: Buffer,
): void {
  const uid = exchange.uid ?? (start && salvageUid(start.toString("utf8", 0, 4096)));
  answer(exchange, result, problemAnswer(uid, code, message), code);
}

function answer(exchange: Exchange, result: CallResult, body: string, code = 200): void {
  const { context, response, call } = exchange;
  exchange.isAnswered = true;
  exchange.chunks.length = 0;
  // A drain may have begun since the call came in.
  if (context.drain.begun) response.shouldKeepAlive = false;
  response.writeHead(code, { "Content-Type": "application/json", "Content-Length": body.length });
  // Text, not bytes: head and body then leave in one write. It is ASCII, which latin1 copies as it is.
  response.end(body, "latin1");
  context.figures.count(result);
  context.figures.latency.observe(context.now() - call.since);
  close(exchange);
}

function close({ context, call, share }: Exchange): void {
  context.calls.end(call);
  context.room.release(share);
}
