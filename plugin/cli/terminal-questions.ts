import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { ClouderError } from "#core/error";

/** Something to ask a person at the terminal. */
export interface Question {
  readonly text: string;
  /** What is typed is not shown. */
  readonly hidden?: boolean;
  /** What is wrong with an answer; then it is asked again. */
  readonly problem?: (answer: string) => string | undefined;
}

/**
 * Asks on standard error until `next` has no more to ask, told the answers so far; lines that were
 * pasted answer one question each. The terminal itself shows nothing from the first question to the
 * last answer, so that a secret is hidden however early it is typed.
 */
export function askInTurn(
  next: (answers: readonly string[]) => Question | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  let muted = false;
  const screen = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!muted) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({
    ...{ input: process.stdin, output: screen, terminal: true, historySize: 0 },
  });
  const answers: string[] = [];
  let question: Question | undefined;
  const end = () => {
    lines.close();
  };
  const ask = () => {
    muted = false;
    question = next(answers);
    if (!question) {
      end();
      return;
    }
    lines.setPrompt(question.text);
    lines.prompt();
    muted = question.hidden === true;
  };
  return new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      if (!question) return;
      if (muted) process.stderr.write("\n");
      const answer = line.trim();
      const problem = question.problem?.(answer);
      if (problem === undefined) answers.push(answer);
      else process.stderr.write(`${problem}\n`);
      ask();
    });
    lines.on("close", () => {
      signal.removeEventListener("abort", end);
      if (!question) {
        resolve(answers);
        return;
      }
      process.stderr.write("\n");
      reject(new ClouderError("cancelled", "cancelled"));
    });
    signal.addEventListener("abort", end, { once: true });
    ask();
  });
}
