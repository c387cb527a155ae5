import type { Client, ClientChannel } from "ssh2";
import { sudoRefused, type Root } from "#bootstrap/nodes/become-root";
import { captureOutput, tookTooLong } from "#bootstrap/nodes/captured-output";
import { feed, type FedOptions } from "#bootstrap/nodes/feed";
import type { RunOnNode } from "#bootstrap/nodes/node-files";
import type { RunResult } from "#bootstrap/nodes/node-access";
import { createGate } from "#bootstrap/plans/gate";
import { quote } from "#bootstrap/nodes/quote";
import { commandFailed } from "#bootstrap/nodes/remote-file";
import { ClouderError, messageOf, throwIfCancelled } from "#core/error";

/** sshd's default MaxSessions is 10 for one connection. */
const sessionsAtOnce = 8;

/**
 * Runs commands as sessions of one connection, never more at once than sshd allows: one that was
 * given up counts until sshd has closed it.
 */
export function createSessions(
  host: string,
  client: Client,
  { prefix, firstLine }: Root = { prefix: [] },
): RunOnNode {
  const gate = createGate(sessionsAtOnce);
  // Each session under way listens, too.
  client.setMaxListeners(sessionsAtOnce * 2 + 10);
  let lost: Error | undefined;
  client.on("error", (error) => (lost = error));
  client.on("close", () => (lost ??= new Error("connection closed")));
  const runSession = async (
    argv: readonly string[],
    options: FedOptions,
    onClosed: () => void,
  ): Promise<RunResult> => {
    const command = quote([...prefix, ...argv]);
    const fed = firstLine === undefined ? options : { ...options, firstLine };
    const result = await execute(host, client, command, fed, onClosed);
    if (result === "lost") throw connectionLost(host, lost);
    if (result.status !== 0 && !options.allowFailure) {
      throw prefix.length > 0 && /^sudo: /m.test(result.stderr)
        ? sudoRefused(host, result.stderr)
        : commandFailed(host, argv, result);
    }
    return result;
  };
  return (argv, options = {}) =>
    new Promise((resolve, reject) => {
      void gate(
        () =>
          new Promise<void>((closed) => {
            runSession(argv, options, closed).then(resolve, reject);
          }),
      );
    });
}

async function execute(
  host: string,
  client: Client,
  command: string,
  options: FedOptions,
  onClosed: () => void,
): Promise<RunResult | "lost"> {
  const late = new AbortController();
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          late.abort();
        }, options.timeoutMs);
  const stop = AbortSignal.any([late.signal, ...(options.signal ? [options.signal] : [])]);
  try {
    const result = await openSession(client, command, options, stop, onClosed);
    throwIfCancelled(options.signal);
    if (late.signal.aborted) throw tookTooLong("a command", host, options);
    return result;
  } finally {
    clearTimeout(timer);
  }
}

/** A connection that ends answers every open request with an error and closes every channel. */
function openSession(
  client: Client,
  command: string,
  options: FedOptions,
  stop: AbortSignal,
  onClosed: () => void,
): Promise<RunResult | "lost"> {
  return new Promise((resolve) => {
    const fail = () => {
      client.off("close", fail);
      resolve("lost");
      onClosed();
    };
    // One whose request is not answered yet hears nothing of it otherwise.
    client.once("close", fail);
    const open = (attempt: number) => {
      if (stop.aborted) {
        fail();
        return;
      }
      client.exec(command, (error, channel) => {
        // Listeners go on at once: the whole answer may be in the packet that opened the channel.
        if (error && isRefused(error) && attempt < 700) {
          // Soon at first, for sshd is done in a moment; then for as long as long commands take.
          setTimeout(tryOpen, Math.min(500, 50 * attempt), attempt + 1);
        } else if (error) fail();
        else {
          channel.once("close", () => {
            client.off("close", fail);
            onClosed();
          });
          follow(channel, options, stop, resolve);
        }
      });
    };
    const tryOpen = (attempt: number) => {
      try {
        open(attempt);
      } catch {
        fail();
      }
    };
    tryOpen(1);
  });
}

/** sshd counts a session for a moment after it told that it is closed; some allow fewer than ours. */
function isRefused(error: Error): boolean {
  return error.message.startsWith("(SSH) Channel open failure: ");
}

function follow(
  channel: ClientChannel,
  options: FedOptions,
  stop: AbortSignal,
  resolve: (result: RunResult | "lost") => void,
): void {
  const output = captureOutput({ stdout: channel, stderr: channel.stderr }, options);
  let status: number | undefined;
  const abort = () => {
    channel.signal("KILL");
    channel.close();
    // sshd ignores signals in sessions of root and closes when the command ends: nobody waits for that.
    resolve("lost");
  };
  channel.on("exit", (code: number | null) => {
    status = code ?? 137;
  });
  channel.on("close", () => {
    stop.removeEventListener("abort", abort);
    const result = output.end(status ?? 137);
    resolve(status === undefined ? "lost" : result);
  });
  if (stop.aborted) abort();
  else stop.addEventListener("abort", abort, { once: true });
  feed(channel, options);
}

function connectionLost(host: string, cause: Error = new Error("it was closed")): ClouderError {
  return new ClouderError("unreachable", `the connection to ${host} broke: ${messageOf(cause)}`, {
    hint: "run the command again: it goes on where it stopped",
    // Not by this connection: who waits for something must not wait on.
    retryable: false,
    cause,
  });
}
