import { createMemoryStore } from "#test/fakes/store";
import { describeStore } from "#test/contract/store";

describeStore("in memory", () =>
  Promise.resolve({
    open: (prefix: string) => Promise.resolve(createMemoryStore(prefix)),
    close: () => Promise.resolve(),
  }),
);
