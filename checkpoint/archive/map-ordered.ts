/**
 * Works on up to `width` items at once and gives the results in the items' order. Nothing new is
 * begun before its consumer asks, so that a slow consumer holds everything before it back. When
 * the consumer stops or a piece of work fails, it waits for the work under way, so that no buffer
 * is still in use after it has ended.
 */
export async function* mapOrdered<In, Out>(
  items: Iterable<In> | AsyncIterable<In>,
  width: number,
  work: (item: In) => Promise<Out>,
): AsyncGenerator<Out, void, undefined> {
  const underWay: Promise<Out>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      // Its error is met when its turn comes; until then it must not count as unhandled.
      result.catch(() => undefined);
      underWay.push(result);
      if (underWay.length < width) continue;
      const oldest = underWay.shift();
      if (oldest) yield await oldest;
    }
    for (let next = underWay.shift(); next; next = underWay.shift()) yield await next;
  } finally {
    await Promise.allSettled(underWay);
  }
}
