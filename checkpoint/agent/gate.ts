/** Lets at most `limit` pieces of work run at once; the others wait in order. */
export function createGate(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** Work under one key runs one after the other. */
export function createLane(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const gates = new Map<string, { readonly gate: ReturnType<typeof createGate>; users: number }>();
  return async (key, work) => {
    const lane = gates.get(key) ?? { gate: createGate(1), users: 0 };
    gates.set(key, lane);
    lane.users += 1;
    try {
      return await lane.gate(work);
    } finally {
      lane.users -= 1;
      if (lane.users === 0) gates.delete(key);
    }
  };
}
