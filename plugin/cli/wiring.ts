import { createInterface } from "node:readline/promises";
import { systemClock } from "#core/clock";
import { ClouderError } from "#core/error";
import type { Reporter } from "#core/report";
import type { Kube } from "#kube/kube";
import type { CommandContext } from "#plugin/cli/command";
import { createAskSecret } from "#plugin/cli/ask-secret";
import { milliseconds } from "#plugin/cli/durations";

export interface Edge {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly report: Reporter;
  /** Takes the progress bar away before a question. */
  readonly pauseProgress: () => void;
}

/** The real dependencies of a command, each made when it is first asked for. */
export function createContext(flags: Record<string, unknown>, edge: Edge): CommandContext {
  let connected: Promise<Kube> | undefined;
  const text = (name: string) => {
    const value = flags[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const connect = async (): Promise<Kube> => {
    const { connectKube } = await import("#kube/connect");
    return connectKube({
      kubeconfig: text("kubeconfig"),
      context: text("context"),
      requestTimeoutMs: milliseconds("request-timeout", text("request-timeout") ?? "30s"),
    });
  };
  const kube = () => (connected ??= connect());
  return {
    signal: edge.signal,
    report: edge.report,
    clock: systemClock,
    environment: edge.environment,
    askSecret: createAskSecret(flags, edge),
    kube,
    namespace: async () => text("namespace") ?? (await kube()).namespace,
    ...(process.stdin.isTTY && {
      ask: async (question: string) => {
        edge.pauseProgress();
        return await answerTo(question, edge.signal);
      },
    }),
    confirm: async (question, word) => {
      if (flags["yes"] === true) return true;
      edge.pauseProgress();
      return confirmed(question, word, edge.signal);
    },
  };
}

async function confirmed(
  question: string,
  word: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new ClouderError(
      "usage",
      "this needs a confirmation, and there is no terminal to ask on",
      {
        hint: "say --yes if you are sure",
      },
    );
  }
  const how = word === undefined ? "[y/N]" : `Type ${word} to go on:`;
  const answer = (await answerTo(`${question} ${how}`, signal)).trim();
  return word === undefined ? /^y(es)?$/i.test(answer) : answer === word;
}

async function answerTo(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(`${question} `, { signal });
  } catch (error) {
    throw new ClouderError("cancelled", "cancelled", { cause: error });
  } finally {
    lines.close();
  }
}
