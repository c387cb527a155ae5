import { longCommand } from "#test/fakes/simulated-machines";

/** Lets long commands of all hosts end together, and counts how often that was: time without a clock. */
export interface Rounds {
  readonly pace: (host: number, argv: readonly string[]) => Promise<void>;
  /** Rounds of each kind of long command. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * A round of a kind ends when as many hosts are in it as there are, or when nobody came for a
 * while: those that come later need a round more.
 */
export function countRounds(hosts: number, patienceMs = 5000): Rounds {
  const counts = new Map<string, number>();
  const waiting = new Map<string, { leave: (() => void)[]; timer: NodeJS.Timeout }>();
  const all = (kind: string) => {
    if (kind === "kubeadm init") return 1;
    return kind === "kubeadm join" ? hosts - 1 : hosts;
  };
  const end = (kind: string) => {
    const round = waiting.get(kind);
    waiting.delete(kind);
    clearTimeout(round?.timer);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    for (const leave of round?.leave ?? []) leave();
  };
  const pace = (_host: number, argv: readonly string[]) => {
    const kind = longCommand(argv);
    if (kind === undefined) return Promise.resolve();
    return new Promise<void>((leave) => {
      const before = waiting.get(kind);
      clearTimeout(before?.timer);
      const round = {
        leave: [...(before?.leave ?? []), leave],
        timer: setTimeout(() => {
          end(kind);
        }, patienceMs),
      };
      waiting.set(kind, round);
      if (round.leave.length >= all(kind)) end(kind);
    });
  };
  return { pace, counts };
}
