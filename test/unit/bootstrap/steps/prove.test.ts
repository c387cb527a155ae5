import { describe, expect, test } from "vitest";
import type { Machine } from "#bootstrap/providers/provider";
import { prove } from "#bootstrap/steps/prove";
import type { Host } from "#bootstrap/steps/step";
import { scriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "../plans/plan.ts";

const machine: Machine = {
  ...{ name: "lab-node-1", role: "worker", pool: "workers", privateAddress: "10.0.0.5" },
  reach: { access: "local" },
};
const good = { stdout: "criu=4.2\nrunc=1.3.0\nkernel=6.18.5\nproven\n" };
const failed = (words: string) => ({ status: 1, stdout: `failed: dump\n${words}\n` });
const busy = failed("Error (criu/cr-dump.c:1655): Timeout reached. Try to interrupt: 0");

/** A node whose proofs end so, one after the other; the last one for all that follow. */
function node(...ends: readonly [typeof busy | typeof good, ...(typeof busy | typeof good)[]]) {
  let proofs = 0;
  const access = scriptedNode("lab-node-1", [
    [/^sh -c[^]*clouder-proof/, () => ends[Math.min(proofs++, ends.length - 1)] ?? good],
    [/^sh -c/, "criu=4.2\nrunc=1.3.0"],
  ]);
  const run = () => {
    if (prove.scope !== "node") throw new Error("a node step is expected");
    const hosts = [{ name: machine.name, kernel: "6.18.5" } as Host];
    return prove.run(contextFor(), { hosts, machines: [machine] }, { machine, access });
  };
  return { run, proofs: () => proofs };
}

describe("the proof of a node", () => {
  test("is taken again when the machine was too busy to stop a process", async () => {
    const one = node(busy, good);
    expect(await one.run()).toEqual({});
    expect(one.proofs()).toBe(2);
  });

  test("fails after three such ends, and says that the load is the cause", async () => {
    const one = node(busy);
    await expect(one.run()).rejects.toMatchObject({
      code: "criu",
      hint: expect.stringContaining("too busy") as string,
    });
    expect(one.proofs()).toBe(3);
  });

  test("fails at once for any other reason", async () => {
    const one = node(failed("Error (criu/kerndat.c:1): no userfaultfd"));
    await expect(one.run()).rejects.toMatchObject({
      code: "criu",
      message: expect.stringContaining("userfaultfd") as string,
      hint: expect.stringContaining("CRIU 4.2") as string,
    });
    expect(one.proofs()).toBe(1);
  });
});
