import type { LogEntry } from "#core/log";

export interface Trouble {
  readonly time: string;
  readonly message: string;
}

/** The last things that went wrong, for the log and for `webhook status`. */
export interface Troubles {
  /** Texts are ours or an error's message: never a part of a call's body. */
  note(message: string, fields?: Readonly<Record<string, string | number>>): void;
  recent(): readonly Trouble[];
}

const kept = 10;
/** Lines of the log in a second; whoever floods the port must not fill the node's disk. */
const linesPerSecond = 5;

export function createTroubles(log: (entry: LogEntry) => void, now: () => number): Troubles {
  const ring: Trouble[] = [];
  let second = 0;
  let lines = 0;
  let unsaid = 0;
  return {
    note: (message, fields = {}) => {
      const time = now();
      const text = message.slice(0, 300);
      ring.push({ time: new Date(time).toISOString(), message: text });
      if (ring.length > kept) ring.shift();
      const current = Math.floor(time / 1000);
      if (current !== second) {
        second = current;
        lines = 0;
      }
      lines += 1;
      if (lines > linesPerSecond) {
        unsaid += 1;
        return;
      }
      log({
        level: "error",
        message: text,
        ...fields,
        ...(unsaid > 0 ? { unsaidBefore: unsaid } : {}),
      });
      unsaid = 0;
    },
    recent: () => [...ring],
  };
}
