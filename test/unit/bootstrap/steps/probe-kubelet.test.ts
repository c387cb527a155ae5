import { describe, expect, test } from "vitest";
import type { Machine } from "#bootstrap/providers/provider";
import { probeKubelet } from "#bootstrap/steps/probe-kubelet";
import { scriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "../plans/plan.ts";

const machine: Machine = {
  ...{ name: "lab-node-1", role: "worker", pool: "workers", privateAddress: "10.0.0.5" },
  reach: { access: "local" },
};
const saying = (...answers: readonly string[]) => {
  let at = 0;
  return scriptedNode("lab-master", [
    [/get --raw/, () => ({ status: 1, stderr: answers[Math.min(at++, answers.length - 1)] ?? "" })],
  ]);
};

async function probe(
  access: ReturnType<typeof saying>,
  checkpoint = true,
  own = scriptedNode("lab-node-1"),
) {
  if (probeKubelet.scope !== "node") throw new Error("a node step is expected");
  const context = contextFor();
  const pools = context.spec.pools.map((pool) => ({ ...pool, checkpoint }));
  const plane = { machine: { ...machine, name: "lab-master" }, access };
  const spec = { ...context.spec, pools };
  const node = { machine, access: own };
  let slept = 0;
  const clock = {
    now: () => slept,
    sleep: (milliseconds: number) => {
      slept += milliseconds;
      return Promise.resolve();
    },
  };
  return await probeKubelet.run({ ...context, spec, clock }, { plane }, node);
}

const takesPost =
  "Error from server (MethodNotAllowed): the server does not allow this method on the requested resource";

describe("D7 F9 the kubelet's checkpoint endpoint", () => {
  test("D7 is there when it takes no GET", async () => {
    const access = saying(takesPost);
    expect(await probe(access)).toEqual({});
    expect(access.ran[0]?.line).toMatch(
      /--server=https:\/\/10\.0\.0\.5:10250 get --raw \/checkpoint\//,
    );
  });

  test("D7 is fatal where it is not, with the cure", async () => {
    const access = saying(
      "Error from server (NotFound): the server could not find the requested resource",
    );
    await expect(probe(access)).rejects.toMatchObject({
      code: "unsupported",
      message: "the kubelet of lab-node-1 has no checkpoint endpoint",
      hint: expect.stringContaining("--checkpoint-gate") as string,
    });
    expect(access.ran).toHaveLength(1);
  });

  test("D7 is asked again while the kubelet does not answer", async () => {
    const access = saying("Error from server (ServiceUnavailable): try again", takesPost);
    expect(await probe(access)).toEqual({});
    expect(access.ran).toHaveLength(2);
  });

  test("D7 is not asked for again until the node has another version", async () => {
    const [access, node] = [saying(takesPost), scriptedNode("lab-node-1")];
    await probe(access, true, node);
    expect(await probe(access, true, node)).toEqual({ skipped: "it was there already" });
    expect(access.ran).toHaveLength(1);
  });

  test("D7 a kubelet that never answers is told as such", async () => {
    await expect(probe(saying("Error: dial tcp: refused"))).rejects.toMatchObject({
      code: "timeout",
    });
  });

  test("D7 nodes that are not for checkpoints are not asked", async () => {
    const access = saying("");
    expect(await probe(access, false)).toEqual({ skipped: "its pool has checkpoint: false" });
    expect(access.ran).toEqual([]);
  });
});
