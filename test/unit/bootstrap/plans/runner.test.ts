import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { runPlan } from "#bootstrap/plans/runner";
import type { Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";
import type { ReportEvent } from "#core/report";
import { clusterStep, contextFor, emptyNode, nodeStep, reaching } from "./plan.ts";

const machines = (names: readonly string[]) =>
  names.map((name, index) => emptyNode(name, index === 0 ? "control-plane" : "worker"));
describe("running a plan", () => {
  test("starts a step when what it stands on is done, whatever the order of the list", async () => {
    const done: string[] = [];
    const note = (id: string) => () => {
      done.push(id);
      return Promise.resolve({});
    };
    await runPlan(
      [
        clusterStep("third", { needs: ["endpoint"] }, note("third")),
        clusterStep("second", { gives: ["endpoint"], after: ["first"] }, note("second")),
        clusterStep("first", {}, note("first")),
      ],
      contextFor(),
    );
    expect(done).toEqual(["first", "second", "third"]);
  });

  test("lets a fast machine go on while a slow one is still at the step before", async () => {
    const done: string[] = [];
    const nodes = machines(["slow", "fast"]);
    await runPlan(
      [
        ...reaching(nodes),
        nodeStep("prepare", {}, async ({ machine }) => {
          if (machine.name === "slow") await sleep(100);
          done.push(`prepare ${machine.name}`);
          return {};
        }),
        nodeStep("install", { after: ["prepare"] }, ({ machine }) => {
          done.push(`install ${machine.name}`);
          return Promise.resolve({});
        }),
        clusterStep("finish", { after: ["install"] }, () => {
          done.push("finish");
          return Promise.resolve({});
        }),
      ],
      contextFor(),
    );
    expect(done).toEqual([
      "prepare fast",
      "install fast",
      "prepare slow",
      "install slow",
      "finish",
    ]);
  });

  test("starts a step nowhere before what it wants everywhere is done on all machines", async () => {
    const done: string[] = [];
    const nodes = machines(["lost", "fast"]);
    const plan = (everywhere: readonly string[]) => [
      ...reaching(nodes, (name) =>
        name === "lost" ? Promise.reject(new ClouderError("unreachable", name)) : Promise.resolve(),
      ),
      nodeStep("reset", { everywhere }, ({ machine }) => {
        done.push(machine.name);
        return Promise.resolve({});
      }),
    ];
    await expect(runPlan(plan(["connect"]), contextFor())).rejects.toThrow("lost");
    expect(done).toEqual([]);
    await expect(runPlan(plan([]), contextFor())).rejects.toThrow("lost");
    expect(done).toEqual(["fast"]);
  });

  test("keeps to the number of node steps at once", async () => {
    let running = 0;
    let most = 0;
    const nodes = machines(Array.from({ length: 12 }, (_, at) => `n${at}`));
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(5);
      running -= 1;
      return {};
    };
    await runPlan(
      [...reaching(nodes), nodeStep("a", {}, work), nodeStep("b", {}, work)],
      contextFor(),
      {
        parallel: 3,
      },
    );
    expect(most).toBe(3);
  });

  test("runs a workers' step on workers only, and a later step waits for nothing else", async () => {
    const seen: string[] = [];
    const note = (id: string) => (node: { machine: { name: string } }) => {
      seen.push(`${id} ${node.machine.name}`);
      return Promise.resolve({});
    };
    await runPlan(
      [
        ...reaching(machines(["plane", "one", "two"])),
        nodeStep("join", { on: "workers" }, note("join")),
        nodeStep("label", { after: ["join"] }, note("label")),
      ],
      contextFor(),
    );
    expect(seen.filter((one) => one.startsWith("join"))).toEqual(["join one", "join two"]);
    expect(seen.filter((one) => one.startsWith("label"))).toHaveLength(3);
  });

  test("a machine that fails ends its own work, and what stands on all; the others go on and all failures are told", async () => {
    const nodes = machines(["a", "b", "c"]);
    const later: string[] = [];
    const note = (id: string) => (node: { machine: { name: string } }) => {
      later.push(`${id} ${node.machine.name}`);
      return Promise.resolve({});
    };
    const fail = new ClouderError("criu", "no dump", {
      hint: "newer CRIU",
      details: { host: "a" },
    });
    const plan: Step[] = [
      ...reaching(nodes),
      nodeStep("prove", {}, async ({ machine }) => {
        if (machine.name === "a") throw fail;
        await sleep(20);
        if (machine.name === "b") throw new ClouderError("timeout", "too slow");
        return {};
      }),
      nodeStep("images", {}, async (node) => {
        await sleep(10);
        return note("images")(node);
      }),
      nodeStep("more", { after: ["images"] }, note("more")),
      nodeStep("kubelet", { after: ["prove"] }, note("kubelet")),
      clusterStep("init", { after: ["prove"], gives: ["joining"] }, () => {
        later.push("init");
        return Promise.resolve({});
      }),
      nodeStep("join", { needs: ["joining"] }, note("join")),
    ];
    await expect(runPlan(plan, contextFor())).rejects.toMatchObject({
      code: "criu",
      message: "prove on a: no dump; prove on b: too slow",
      hint: "newer CRIU",
      details: { host: "a", steps: ["prove on a", "prove on b"] },
    });
    expect(later.toSorted()).toEqual([
      ...["images a", "images b", "images c", "kubelet c", "more b", "more c"],
    ]);
    expect(nodes.map(({ closed }) => closed)).toEqual([true, true, true]);
  });

  test("starts nothing new after a step of the cluster failed", async () => {
    const later: string[] = [];
    const plan: Step[] = [
      ...reaching(machines(["a", "b"])),
      clusterStep("compare", { needs: ["nodes"] }, () =>
        Promise.reject(new ClouderError("conflict", "one machine twice")),
      ),
      nodeStep("prepare", {}, async () => {
        await sleep(20);
        return {};
      }),
      nodeStep("install", { after: ["prepare"] }, ({ machine }) => {
        later.push(machine.name);
        return Promise.resolve({});
      }),
    ];
    await expect(runPlan(plan, contextFor())).rejects.toMatchObject({
      code: "conflict",
      message: "compare: one machine twice",
    });
    expect(later).toEqual([]);
  });

  test("of many failures ten are told, all are in the details", async () => {
    const nodes = machines(Array.from({ length: 12 }, (_, at) => `n${at}`));
    const refuse = () => Promise.reject(new ClouderError("unreachable", "no answer"));
    await expect(runPlan(reaching(nodes, refuse), contextFor())).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(
        /^connect on n0: no answer; .*n9: no answer; and 2 more$/,
      ) as string,
      details: { steps: nodes.map(({ machine }) => `connect on ${machine.name}`) },
    });
  });

  test("a machine goes on the moment it answers; one that never does is named, and the cluster waits for it", async () => {
    const order: string[] = [];
    const nodes = machines(["plane", "mute", "late", "quick"]);
    const { promise: late, resolve: lateAnswers } = Promise.withResolvers<true>();
    const plan: Step[] = [
      ...reaching(nodes, (name) => {
        if (name === "late") return late;
        if (name !== "mute") return Promise.resolve();
        return Promise.reject(new ClouderError("unreachable", "cannot reach mute"));
      }),
      nodeStep("prepare", {}, ({ machine }) => {
        order.push(machine.name);
        // Nobody else is waited for: the late one answers when the quick one is prepared.
        if (machine.name === "quick") lateAnswers(true);
        return Promise.resolve({});
      }),
      clusterStep("init", { after: ["prepare"] }, () => {
        order.push("init");
        return Promise.resolve({});
      }),
    ];
    await expect(runPlan(plan, contextFor(), { parallel: 1 })).rejects.toMatchObject({
      message: "connect on mute: cannot reach mute",
    });
    expect(order).toEqual(["plane", "quick", "late"]);
  });

  test("nodes are known in the order of the machines, whoever answers first", async () => {
    const nodes = machines(["plane", "one", "two"]);
    let seen: readonly string[] = [];
    await runPlan(
      [
        ...reaching(nodes, (name) => sleep(name === "plane" ? 20 : 0)),
        clusterStep("init", { needs: ["nodes"] }, (facts) => {
          seen = (facts.nodes ?? []).map(({ machine }) => machine.name);
          return Promise.resolve({});
        }),
      ],
      contextFor(),
    );
    expect(seen).toEqual(["plane", "one", "two"]);
  });

  test("a machine that was reached anew is worked on there, and the end closes that connection", async () => {
    const [old, fresh] = [emptyNode("a", "worker"), emptyNode("a", "worker")];
    const seen: unknown[] = [];
    const again = nodeStep("again", {}, () => Promise.resolve({ facts: { nodes: [fresh] } }));
    const later = nodeStep("later", { after: ["again"] }, (node) => {
      seen.push(node.access);
      return Promise.resolve({});
    });
    const { facts } = await runPlan([...reaching([old]), again, later], contextFor());
    expect(seen).toEqual([fresh.access]);
    expect(facts.nodes).toEqual([fresh]);
    expect([old.closed, fresh.closed]).toEqual([false, true]);
  });

  test("passes a bug of ours through as it is", async () => {
    const bug = new TypeError("undefined is not a function");
    const plan = [clusterStep("broken", {}, () => Promise.reject(bug))];
    await expect(runPlan(plan, contextFor())).rejects.toBe(bug);
  });

  test("ends as cancelled and starts nothing more when it is cancelled", async () => {
    const stop = new AbortController();
    const context = { ...contextFor(), signal: stop.signal };
    let ran = false;
    const plan = [
      clusterStep("first", {}, () => {
        stop.abort();
        return Promise.resolve({});
      }),
      clusterStep("second", { after: ["first"] }, () => {
        ran = true;
        return Promise.resolve({});
      }),
    ];
    await expect(runPlan(plan, context)).rejects.toMatchObject({ code: "cancelled" });
    expect(ran).toBe(false);
  });

  test("reports start and end of each step with its machine, and why one was passed over", async () => {
    const events: ReportEvent[] = [];
    const plan = [
      ...reaching(machines(["a"])),
      nodeStep("prove", {}, () => Promise.resolve({ skipped: "proven already" })),
    ];
    const { timings } = await runPlan(
      plan,
      contextFor((event) => events.push(event)),
    );
    expect(events.map(({ type }) => type)).toEqual([
      ...["step-started", "step-done", "step-started", "step-done"],
      ...["step-started", "step-skipped"],
    ]);
    expect(events.at(-1)).toMatchObject({ step: "prove", host: "a", reason: "proven already" });
    expect(timings).toMatchObject([
      { step: "machines" },
      { step: "connect", host: "a" },
      { step: "prove", host: "a", skipped: "proven already" },
    ]);
  });

  test("tells how far each step and the whole is", async () => {
    const events: ReportEvent[] = [];
    const nodes = machines(["plane", "one", "two"]);
    await runPlan(
      [
        ...reaching(nodes),
        nodeStep("join", { on: "workers" }, () => Promise.resolve({ skipped: "is a node" })),
        nodeStep("mark", { after: ["join"] }, () => Promise.resolve({})),
      ],
      contextFor((event) => events.push(event)),
    );
    const totals = events.flatMap((event) => ("totals" in event ? [event.totals] : []));
    expect(totals[0]).toEqual({ steps: { done: 1, total: 9 } });
    expect(totals.at(-1)).toEqual({
      ...{ hosts: { done: 3, total: 3 }, steps: { done: 9, total: 9 } },
    });
    expect(totals.filter((one) => one.hosts?.total === 2)).toHaveLength(2);
  });
});
