import { describe, expect, it } from "vitest";
import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";
import type { Kube } from "#kube/kube";
import { checkpoints } from "#checkpoint/api/types";
import { createGate, createLane } from "#checkpoint/agent/gate";
import { serveHealth } from "#checkpoint/agent/health";
import { errorFields, jsonLog } from "#checkpoint/agent/log";
import { agentClusterRules, agentHostMounts, agentNamespaceRules } from "#checkpoint/agent/rights";
import { createStatusWriter } from "#checkpoint/agent/status-writer";

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a gate", () => {
  it("lets so many through at once, the others in order, also after a failure", async () => {
    const gate = createGate(2);
    const order: string[] = [];
    let most = 0;
    let running = 0;
    const work = (name: string) => async () => {
      running += 1;
      most = Math.max(most, running);
      order.push(name);
      await turn();
      running -= 1;
      if (name === "a") throw new Error("a");
    };
    const all = await Promise.allSettled(["a", "b", "c", "d"].map((name) => gate(work(name))));
    expect(all.map(({ status }) => status)).toEqual([
      "rejected",
      "fulfilled",
      "fulfilled",
      "fulfilled",
    ]);
    expect(most).toBe(2);
    expect(order).toEqual(["a", "b", "c", "d"]);
  });

  it("per key keeps work of one key apart and lets other keys run", async () => {
    const lane = createLane();
    const log: string[] = [];
    const work = (name: string) => async () => {
      log.push(`${name} in`);
      await turn();
      log.push(`${name} out`);
    };
    await Promise.all([lane("x", work("x1")), lane("x", work("x2")), lane("y", work("y1"))]);
    expect(log.indexOf("x2 in")).toBeGreaterThan(log.indexOf("x1 out"));
    expect(log.indexOf("y1 in")).toBeLessThan(log.indexOf("x1 out"));
  });
});

describe("the status writer", () => {
  const made = () => {
    let now = 0;
    const sent: unknown[] = [];
    let failures: Error[] = [];
    const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
    const patch = (_resource: unknown, _name: unknown, body: { status: unknown }) => {
      const failure = failures.shift();
      if (failure) return Promise.reject(failure);
      sent.push(body.status);
      return Promise.resolve({});
    };
    const lines: string[] = [];
    const log = jsonLog(
      (line) => lines.push(line),
      () => 0,
    );
    const kube = { patch } as unknown as Kube;
    const writer = createStatusWriter(
      kube,
      checkpoints,
      { name: "c", namespace: "n" },
      { clock, log },
    );
    return {
      writer,
      sent,
      lines,
      advance: (ms: number) => (now += ms),
      fail: (...errors: Error[]) => (failures = errors),
    };
  };

  it("sends progress at most once a second and never loses a change", async () => {
    const { writer, sent, advance } = made();
    await writer.now({ phase: "Uploading" });
    for (let doneBytes = 0; doneBytes < 40; doneBytes += 1) {
      advance(100);
      writer.soon({ progress: { doneBytes } });
    }
    await writer.now({ phase: "Completed" });
    expect(sent).toHaveLength(2 + 4);
    expect(sent.at(-1)).toMatchObject({ phase: "Completed" });
  });

  it("tries again while the API server is away, and takes a deleted object as it is", async () => {
    const { writer, sent, lines, fail } = made();
    const away = new ClouderError("unreachable", "away", { retryable: true });
    fail(away, away);
    await writer.now({ phase: "Failed" });
    expect(sent).toHaveLength(1);
    fail(new ClouderError("not-found", "gone"));
    await writer.now({ phase: "Failed" });
    expect(lines).toEqual([]);
  });
});

describe("the health server", () => {
  it("is healthy at once and ready when the agent is", async () => {
    let ready = false;
    const metrics = () => "a_metric 1\n";
    const health = await serveHealth(0, () => ready, metrics);
    const ask = async (path: string) =>
      (await fetch(`http://127.0.0.1:${health.port}${path}`)).status;
    expect([await ask("/healthz"), await ask("/readyz"), await ask("/etc")]).toEqual([
      200, 503, 404,
    ]);
    ready = true;
    expect(await ask("/readyz")).toBe(200);
    const shown = await fetch(`http://127.0.0.1:${health.port}/metrics`);
    expect(await shown.text()).toBe("a_metric 1\n");
    await health[Symbol.asyncDispose]();
  });
});

describe("the agent's rights", () => {
  it("I3 hold nodes/checkpoint and no way to change or enter what runs", () => {
    const verbsOf = (resource: string) =>
      agentClusterRules
        .filter((rule) => rule.resources.includes(resource))
        .flatMap((rule) => rule.verbs);
    expect(verbsOf("nodes/checkpoint")).toEqual(["create"]);
    expect(verbsOf("pods").sort()).toEqual(["get", "list", "watch"]);
    const all = [...agentClusterRules, ...agentNamespaceRules];
    const forbidden = [
      "nodes/proxy",
      "pods/exec",
      "pods/ephemeralcontainers",
      "serviceaccounts/token",
    ];
    expect(all.flatMap((rule) => rule.resources).filter((one) => forbidden.includes(one))).toEqual(
      [],
    );
    expect(
      all.flatMap((rule) => [...rule.verbs, ...rule.resources, ...rule.apiGroups]),
    ).not.toContain("*");
  });

  it("reach secrets in the system namespace only, by name", () => {
    expect(agentClusterRules.flatMap(({ resources }) => resources)).not.toContain("secrets");
    const rule = agentNamespaceRules.find(({ resources }) => resources.includes("secrets"));
    expect(rule?.verbs).toEqual(["get"]);
  });

  it("mount nothing of the node writable but the folders of checkpoints and of our own", () => {
    const writable = agentHostMounts.filter(({ readOnly }) => !readOnly);
    expect(writable.map(({ hostPath }) => hostPath)).toEqual([
      "/var/lib/kubelet/checkpoints",
      "/var/lib/clouder",
      "/opt/clouder",
    ]);
  });
});

describe("the log", () => {
  it("is one line of JSON per entry", () => {
    const lines: string[] = [];
    jsonLog(
      (line) => lines.push(line),
      () => 0,
    )("warn", "two\nlines", errorFields(new Error("x")));
    expect(lines).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z","level":"warn","message":"two\\nlines","code":"internal","error":"x"}\n',
    ]);
  });
});
