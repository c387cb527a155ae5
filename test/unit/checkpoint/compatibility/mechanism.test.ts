import { describe, expect, it } from "vitest";
import { restoreMechanisms, restoreProblem } from "#checkpoint/compatibility/mechanism";
import { makeFacts } from "#test/unit/checkpoint/controller/objects";

const entry = {
  name: "runtime-entry",
  level: "fail",
  message: "containerd has no runtime handler clouder",
  cure: "add it",
} as const;

describe("J3 the mechanism of restores is found by probing the node:", () => {
  it("our own handler is preferred and works whatever the runtime's restore code does", () => {
    for (const runtimeVersion of ["containerd://2.0.1", "containerd://2.2.7", "cri-o://1.36.0"]) {
      const [first] = restoreMechanisms(makeFacts("node-1", { runtimeVersion }));
      expect(first).toMatchObject({
        way: "handler",
        works: true,
        why: expect.stringContaining("shim is in place") as string,
      });
    }
  });

  it.each([
    [{ handlerReady: false, problems: [entry] }, /containerd has no runtime handler clouder/],
    [{ handlerReady: false }, /handler clouder is not ready$/],
    [{ criuVersion: "3.10" }, /older than 3.16/],
    [{ kernel: "6.18.0", criuVersion: "4.1" }, /does not work on kernel 6.18.0/],
  ])("it does not work with %o, and says why", (over, why) => {
    expect(restoreProblem(makeFacts("node-1", over))).toMatch(why);
  });

  it.each([
    ["containerd://2.0.5", /only 2.1 to 2.3 do/],
    ["containerd://2.1.4", /2.1.4 restores at create; not used/],
    ["containerd://2.2.7", /once enable_experimental_restore_via_create is set/],
    ["containerd://2.3.3", /2.3.3 restores at create; not used/],
    ["containerd://2.3.4", /once enable_experimental_restore_via_create is set/],
    ["containerd://2.4.2", /only 2.1 to 2.3 do/],
    ["cri-o://1.36.0", /CRI-O restores checkpoint images/],
    ["docker://27", /not known to restore/],
  ])("of what %s itself offers it says so", (runtimeVersion, why) => {
    const [, other] = restoreMechanisms(makeFacts("node-1", { runtimeVersion }));
    expect(other).toMatchObject({ way: "runtime", works: false, why });
  });
});
