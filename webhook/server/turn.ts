/** More at a time save no more, and the last of them would wait for all the others. */
const most = 4;

/**
 * Collects what one turn of the event loop brings, and works on a few at a time in the order they came,
 * at the latest when every socket of the turn was read. Under load the same code then runs for one after
 * the other while the processor still holds it; alone, nothing waits.
 */
export function inTurns<T>(work: (item: T) => void): (item: T) => void {
  let waiting: T[] = [];
  let isEndAwaited = false;
  const run = () => {
    const items = waiting;
    waiting = [];
    for (const item of items) work(item);
  };
  const endTurn = () => {
    isEndAwaited = false;
    run();
  };
  return (item) => {
    if (waiting.push(item) >= most) run();
    else if (!isEndAwaited) {
      isEndAwaited = true;
      setImmediate(endTurn);
    }
  };
}
