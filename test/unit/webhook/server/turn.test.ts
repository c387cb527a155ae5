import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { inTurns } from "#webhook/server/turn";

describe("what one turn of the event loop brings", () => {
  it("is worked on in the order it came, after the turn", async () => {
    const done: number[] = [];
    const add = inTurns((item: number) => done.push(item));
    add(1);
    add(2);
    add(3);
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual([1, 2, 3]);
  });

  it("does not wait for the end of the turn when it is enough", async () => {
    const done: number[] = [];
    const add = inTurns((item: number) => done.push(item));
    for (const item of [1, 2, 3, 4, 5]) add(item);
    expect(done).toEqual([1, 2, 3, 4]);
    await nextTurn();
    expect(done).toEqual([1, 2, 3, 4, 5]);
  });

  it("leaves to the next turn what comes in while it is worked on", async () => {
    const done: number[] = [];
    const add = inTurns((item: number) => {
      done.push(item);
      if (item < 3) add(item + 1);
    });
    add(1);
    await nextTurn();
    expect(done).toEqual([1]);
    await nextTurn();
    await nextTurn();
    expect(done).toEqual([1, 2, 3]);
  });
});
