/** Runs work at once up to a limit, the rest in order of arrival. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** A gate that lets `limit` pieces of work run at the same time. */
export function createGate(limit: number): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      // The place passes straight to the next in line, so that nobody slips in between.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
