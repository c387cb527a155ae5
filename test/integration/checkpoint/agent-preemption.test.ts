import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClouderError } from "#core/error";
import type { Clock } from "#core/clock";
import { events, nodes, type Node } from "#kube/resources";
import { countNotices } from "#checkpoint/agent/preemption/count-notices";
import { markNode } from "#checkpoint/agent/preemption/mark-node";
import { metadataAt } from "#checkpoint/agent/preemption/metadata";
import type { NoticeHook } from "#checkpoint/agent/preemption/notice";
import { watchPreemption } from "#checkpoint/agent/preemption/watch-preemption";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";
import {
  startAzureMetadata,
  startEc2Metadata,
  type AzureEvent,
  type AzureMetadata,
  type Ec2Metadata,
} from "#test/fakes/instance-metadata";
import { until } from "./agent-world.ts";

/** The agent hears of its machine's end from metadata services on loopback. */

const nodeName = "dev-node-1";
const key = "clouder.datalayer.io/preemption";
const other = { key: "example.org/own", effect: "NoSchedule" } as const;
let ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended) await end();
  ended = [];
});

function nodeWith(providerID: string | undefined, rest: Partial<Node["spec"]> = {}): Node {
  return {
    ...{ apiVersion: "v1", kind: "Node", metadata: { name: nodeName } },
    spec: { taints: [other], ...(providerID !== undefined && { providerID }), ...rest },
  };
}

/** Time runs, but nobody waits longer than a moment. */
const hasty: Clock = {
  now: () => Date.now(),
  sleep: async (_milliseconds, signal) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (signal?.aborted) throw signal.reason as Error;
  },
};

function watch(kube: FakeKube, endpoint: string, hooks: readonly NoticeHook[] = []) {
  const stop = new AbortController();
  const lines: string[] = [];
  const counted = countNotices();
  const done = watchPreemption({
    ...{ kube, clock: hasty, nodeName, stopping: stop.signal, ask: metadataAt(endpoint) },
    log: (level, message, fields) => lines.push(JSON.stringify({ level, message, ...fields })),
    hooks: [markNode({ kube, clock: hasty, nodeName }), counted, ...hooks],
  });
  const end = async () => {
    stop.abort(new ClouderError("cancelled", "stopped"));
    await done;
  };
  ended.push(end);
  return { lines, done, end, metrics: counted.metrics };
}

const nodeIn = (kube: FakeKube) => kube.peek(nodes, { name: nodeName });
const taintsIn = (kube: FakeKube) => nodeIn(kube)?.spec.taints ?? [];
const watching = (lines: readonly string[]) =>
  until("watching", () => lines.some((line) => line.includes("watching for preemption")));

describe("on EC2", () => {
  let ec2: Ec2Metadata;
  let kube: FakeKube;
  beforeEach(async () => {
    ec2 = await startEc2Metadata();
    ended.push(() => Promise.resolve(ec2[Symbol.asyncDispose]()));
    kube = createFakeKube([nodeWith("aws:///us-east-1a/i-0123456789abcdef0")]);
  });

  it("no notice leaves the node as it is", async () => {
    const { lines } = watch(kube, ec2.endpoint);
    await watching(lines);
    await until("a few rounds", () => ec2.calls.length > 20);
    expect(taintsIn(kube)).toEqual([other]);
    expect(kube.calls.filter(({ verb }) => verb !== "get")).toEqual([]);
    // One token serves all questions of its life.
    expect(ec2.calls.filter((call) => call.startsWith("PUT"))).toEqual([
      "PUT /latest/api/token 200",
    ]);
    expect(ec2.asked()).toBe(300);
  });

  it("an interruption keeps new pods away, tells when, and is told once", async () => {
    const { lines, metrics } = watch(kube, ec2.endpoint);
    await watching(lines);
    const time = new Date(Math.ceil(Date.now() / 1000) * 1000 + 120_000).toISOString();
    ec2.documents.set("spot/instance-action", JSON.stringify({ action: "terminate", time }));
    await until("the taint", () => taintsIn(kube).length === 2);
    expect(taintsIn(kube)).toEqual([other, { key, value: "interruption", effect: "NoSchedule" }]);
    expect(nodeIn(kube)?.metadata.annotations).toEqual({
      [key]: "interruption",
      [`${key}-deadline`]: time,
    });
    const [event] = await until("the event", async () => {
      const found = await kube.list(events, { namespace: "default" });
      return found.length > 0 ? found : undefined;
    });
    expect(event).toMatchObject({
      ...{ type: "Warning", reason: "PreemptionNotice" },
      involvedObject: { kind: "Node", name: nodeName },
    });
    expect(event?.message).toMatch(/\(terminate\) in 1[12]\d s, at /);
    expect(metrics()).toContain(`clouder_preemption_notices_total{kind="interruption"} 1`);
    expect(metrics()).toContain(`clouder_preemption_deadline_seconds ${Date.parse(time) / 1000}`);
    const calls = ec2.calls.length;
    await until("more rounds", () => ec2.calls.length > calls + 20);
    expect(await kube.list(events)).toHaveLength(1);
    expect(kube.calls.filter(({ verb }) => verb === "patch")).toHaveLength(1);
  });

  it("a rebalance recommendation makes the node a worse choice, and an interruption outdoes it", async () => {
    const noticeTime = "2026-11-21T10:00:00Z";
    ec2.documents.set("events/recommendations/rebalance", JSON.stringify({ noticeTime }));
    watch(kube, ec2.endpoint);
    await until("the taint", () => taintsIn(kube).length === 2);
    expect(taintsIn(kube)).toContainEqual({ key, value: "rebalance", effect: "PreferNoSchedule" });
    const action = { action: "stop", time: "2026-11-21T10:05:00Z" };
    ec2.documents.set("spot/instance-action", JSON.stringify(action));
    await until("the other taint", () => taintsIn(kube)[1]?.effect === "NoSchedule");
    const reasons = async () => (await kube.list(events)).map(({ reason }) => reason).sort();
    await until("both events", async () => (await reasons()).length === 2);
    expect(await reasons()).toEqual(["PreemptionNotice", "RebalanceRecommendation"]);
  });

  it("a token that ended before its time is replaced", async () => {
    const { lines } = watch(kube, ec2.endpoint);
    await watching(lines);
    ec2.expire();
    const tokens = () => ec2.calls.filter((call) => call.startsWith("PUT")).length;
    await until("another token", () => tokens() === 2);
    const action = { action: "terminate", time: "2026-11-21T10:05:00Z" };
    ec2.documents.set("spot/instance-action", JSON.stringify(action));
    await until("the taint", () => taintsIn(kube).length === 2);
    expect(lines.filter((line) => line.includes("unknown"))).toEqual([]);
  });

  it("a machine that comes back after its notice takes pods again", async () => {
    const annotations = { [key]: "interruption", [`${key}-deadline`]: "2026-11-20T10:00:00.000Z" };
    const taints = [other, { key, value: "interruption", effect: "NoSchedule" } as const];
    const node = nodeWith("aws:///us-east-1a/i-0123456789abcdef0", { taints });
    const marked = createFakeKube([{ ...node, metadata: { ...node.metadata, annotations } }]);
    watch(marked, ec2.endpoint);
    await until("no taint", () => taintsIn(marked).length === 1);
    expect(taintsIn(marked)).toEqual([other]);
    expect(nodeIn(marked)?.metadata.annotations).toEqual({});
  });

  it("a hook that fails is told again until it succeeds, and holds no other up", async () => {
    let tries = 0;
    const hook: NoticeHook = {
      name: "later",
      take: ([notice]) => {
        tries += notice ? 1 : 0;
        return tries === 1 ? Promise.reject(new Error("not yet")) : Promise.resolve();
      },
    };
    const action = { action: "terminate", time: "2026-11-21T10:05:00Z" };
    ec2.documents.set("spot/instance-action", JSON.stringify(action));
    const { lines } = watch(kube, ec2.endpoint, [hook]);
    await until("a second try", () => tries === 2);
    expect(taintsIn(kube)).toHaveLength(2);
    const calls = ec2.calls.length;
    await until("more rounds", () => ec2.calls.length > calls + 10);
    expect(tries).toBe(2);
    expect(lines.filter((line) => line.includes("not dealt with"))).toHaveLength(1);
  });

  it("another writer of the node's taints in between loses nothing", async () => {
    const action = { action: "terminate", time: "2026-11-21T10:05:00Z" };
    ec2.documents.set("spot/instance-action", JSON.stringify(action));
    let raced = false;
    kube.intercept = ({ verb, kind }) => {
      if (verb !== "patch" || kind !== "Node" || raced) return;
      raced = true;
      const node = nodeIn(kube);
      if (node) kube.seed({ ...node, spec: { ...node.spec, taints: [other, mine] } } as Node);
    };
    const mine = { key: "example.org/new", effect: "NoSchedule" } as const;
    watch(kube, ec2.endpoint);
    await until("the taint", () => taintsIn(kube).some((one) => one.key === key));
    expect(taintsIn(kube).map((one) => one.key)).toEqual([other.key, mine.key, key]);
  });
});

describe("on Azure", () => {
  const machine = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/";
  let azure: AzureMetadata;
  let kube: FakeKube;
  beforeEach(async () => {
    azure = await startAzureMetadata();
    ended.push(() => Promise.resolve(azure[Symbol.asyncDispose]()));
    kube = createFakeKube([nodeWith(`azure://${machine}${nodeName}`)]);
  });
  const event = (over: Partial<AzureEvent> = {}): AzureEvent => ({
    ...{ EventId: "f020ba2e", EventType: "Preempt" as const, EventStatus: "Scheduled" as const },
    ...{ Resources: [nodeName.toUpperCase()], NotBefore: "Mon, 21 Nov 2033 18:29:47 GMT" },
    ...over,
  });

  it("a preemption of this machine is told with its time, and never acknowledged", async () => {
    const { lines } = watch(kube, azure.endpoint);
    await watching(lines);
    azure.announce(event());
    await until("the taint", () => taintsIn(kube).length === 2);
    expect(nodeIn(kube)?.metadata.annotations).toMatchObject({
      [`${key}-deadline`]: "2033-11-21T18:29:47.000Z",
    });
    expect(azure.calls.every((call) => /^GET .* 200$/.test(call))).toBe(true);
  });

  it("one that has begun is due now, and one that is called off is taken back", async () => {
    azure.announce(event({ EventStatus: "Started", NotBefore: "" }));
    watch(kube, azure.endpoint);
    await until("the taint", () => taintsIn(kube).length === 2);
    const deadline = nodeIn(kube)?.metadata.annotations?.[`${key}-deadline`] ?? "";
    expect(Math.abs(Date.parse(deadline) - Date.now())).toBeLessThan(10_000);
    azure.announce();
    await until("no taint", () => taintsIn(kube).length === 1);
  });

  it("neither other machines' ends nor a reboot concern the node", async () => {
    const { lines } = watch(kube, azure.endpoint);
    azure.announce(
      event({ EventId: "1", Resources: ["dev-node-10"] }),
      event({ EventId: "2", EventType: "Reboot" }),
      event({ EventId: "3", EventType: "Freeze" }),
    );
    await watching(lines);
    await until("a few rounds", () => azure.calls.length > 10);
    expect(taintsIn(kube)).toEqual([other]);
  });

  it("a machine of a scale set is called by set and number", async () => {
    const set = machine.replace("/virtualMachines/", "/virtualMachineScaleSets/pool/");
    const scaled = createFakeKube([nodeWith(`azure://${set}virtualMachines/3`)]);
    azure.announce(event({ Resources: ["pool_3"] }));
    watch(scaled, azure.endpoint);
    await until("the taint", () => taintsIn(scaled).length === 2);
  });
});

describe("elsewhere", () => {
  it("a machine of no cloud asks nobody", async () => {
    await using ec2 = await startEc2Metadata();
    for (const id of [undefined, "kind://docker/kind/node", "gce://p/z/n"]) {
      const { done, lines } = watch(createFakeKube([nodeWith(id)]), ec2.endpoint);
      await done;
      expect(lines.join()).toContain("of no cloud");
    }
    expect(ec2.calls).toEqual([]);
  });

  it("where no metadata service answers, the watch ends and says so", async () => {
    const gone = await startEc2Metadata();
    await gone[Symbol.asyncDispose]();
    const kube = createFakeKube([nodeWith("aws:///us-east-1a/i-0123456789abcdef0")]);
    const { done, lines } = watch(kube, gone.endpoint);
    await done;
    expect(lines.at(-1)).toContain("are not watched");
    expect(taintsIn(kube)).toEqual([other]);
  });

  it("a service of another kind is not taken for one", async () => {
    await using azure = await startAzureMetadata();
    const kube = createFakeKube([nodeWith("aws:///us-east-1a/i-0123456789abcdef0")]);
    const { done, lines } = watch(kube, azure.endpoint);
    await done;
    expect(lines.at(-1)).toContain("answers 404");
  });
});
