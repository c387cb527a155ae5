import { afterEach, describe, expect, it } from "vitest";
import { ClouderError } from "#core/error";
import type { KubeObject } from "#kube/kube";
import { configMaps, namespaces, serviceAccounts } from "#kube/resources";
import { apiVersion } from "#checkpoint/api/names";
import { injectionPolicies } from "#webhook/api/types";
import { podDefaults } from "#webhook/policy/pod-default";
import { openWorld, type OpenWorld } from "#webhook/world/world";
import { createFakeKube, type FakeCall, type FakeKube } from "#test/fakes/kube";
import { createManualClock } from "#test/fakes/manual-clock";

let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

const object = (kind: string, name: string, namespace?: string, rest = {}): KubeObject => ({
  apiVersion: kind.endsWith("Policy") ? apiVersion : "v1",
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  ...rest,
});
const named = (name: string, labels: Record<string, string>, namespace?: string): KubeObject => ({
  ...object(namespace === undefined ? "Namespace" : "ServiceAccount", name, namespace),
  metadata: { name, labels, ...(namespace === undefined ? {} : { namespace }) },
});
const podDefault = (name: string): KubeObject =>
  ({
    apiVersion: "kubeflow.org/v1alpha1",
    kind: "PodDefault",
    metadata: { name, namespace: "team" },
    spec: { selector: { matchLabels: { a: "b" } } },
  }) as KubeObject;

function open(seeds: readonly KubeObject[], intercept?: (call: FakeCall, kube: FakeKube) => void) {
  const kube = createFakeKube(seeds);
  if (intercept) {
    kube.intercept = (call) => {
      intercept(call, kube);
    };
  }
  const clock = createManualClock(1_000_000);
  const world = openWorld({ kube, clock, log: () => undefined, signal: stop.signal });
  return { kube, clock, world };
}

const namesOf = (world: OpenWorld, namespace: string) =>
  world.policies(namespace).map(({ kind, metadata }) => `${kind}/${metadata.name}`);

it("knows policies of the namespace and of the cluster, PodDefaults, labels and indexed Secrets", async () => {
  const { world, clock, kube } = open([
    object("InjectionPolicy", "mine", "team", { spec: {} }),
    object("InjectionPolicy", "theirs", "other", { spec: {} }),
    object("ClusterInjectionPolicy", "all", undefined, { spec: {} }),
    podDefault("kubeflow"),
    named("team", { a: "b" }),
    named("runner", { c: "d" }, "team"),
    object("ConfigMap", "clouder-secret-index", "team", {
      data: { "secrets.json": '[{"name":"s","labels":{"l":"v"},"keys":["k"]}]' },
    }),
    object("ConfigMap", "unrelated", "team", { data: { "secrets.json": '[{"name":"no"}]' } }),
  ]);
  expect(world.synced()).toBe(false);
  expect(world.waitingFor()).toContain("InjectionPolicy");
  await clock.advance(0);
  expect(world.synced()).toBe(true);
  expect(world.waitingFor()).toEqual([]);
  expect(namesOf(world, "team").sort()).toEqual([
    "ClusterInjectionPolicy/all",
    "InjectionPolicy/mine",
    "PodDefault/kubeflow",
  ]);
  expect(namesOf(world, "elsewhere")).toEqual(["ClusterInjectionPolicy/all"]);
  expect(world.policies("elsewhere")).toBe(world.policies("any"));
  expect(world.policies("team")).toBe(world.policies("team"));
  // At once: a decision about a known pod waits for nothing.
  expect(world.namespaceLabels("team")).toEqual({ a: "b" });
  expect(world.serviceAccountLabels("team", "runner")).toEqual({ c: "d" });
  expect(world.secrets("team")).toEqual([{ name: "s", labels: { l: "v" }, keys: ["k"] }]);
  await kube.remove(injectionPolicies, { namespace: "team", name: "mine" });
  await kube.remove(configMaps, { namespace: "team", name: "clouder-secret-index" });
  await clock.advance(0);
  expect(namesOf(world, "team")).not.toContain("InjectionPolicy/mine");
  expect(world.secrets("team")).toEqual([]);
  expect(world.counts()).toMatchObject({ liveReads: 0, watchRestarts: 0 });
});

it("keeps no record of who wrote which field", async () => {
  const noisy = object("InjectionPolicy", "mine", "team", { spec: {} });
  const metadata = {
    ...noisy.metadata,
    managedFields: [{ manager: "x" }],
    annotations: { a: "b" },
  };
  const { world, clock } = open([{ ...noisy, metadata }]);
  await clock.advance(0);
  expect(Object.keys(world.policies("team")[0]!.metadata).sort()).toEqual([
    "generation",
    "name",
    "namespace",
    "uid",
  ]);
});

describe("F4: an object that no watch has told of yet", () => {
  const late = (world: FakeCall["verb"]) => (call: FakeCall) => {
    // The watch tells of nothing; only a read does.
    if (call.verb === "watch" && (call.kind === "Namespace" || call.kind === "ServiceAccount")) {
      throw new ClouderError("unreachable", `no ${world}`, { retryable: true });
    }
  };

  it("is read once, however many pods wait for it, and counted", async () => {
    const { world, kube } = open([named("team", { a: "b" })], late("watch"));
    const answers = await Promise.all([1, 2, 3].map(async () => world.namespaceLabels("team")));
    expect(answers).toEqual([{ a: "b" }, { a: "b" }, { a: "b" }]);
    expect(kube.calls.filter(({ verb }) => verb === "get")).toHaveLength(1);
    expect(world.counts().liveReads).toBe(1);
  });

  it("that does not exist has no labels, and is not asked for again at once", async () => {
    const { world, kube, clock } = open([], late("watch"));
    expect(await world.serviceAccountLabels("team", "none")).toEqual({});
    expect(await world.serviceAccountLabels("team", "none")).toEqual({});
    expect(world.counts().liveReads).toBe(1);
    kube.seed(named("none", { now: "there" }, "team"));
    await clock.advance(2_000);
    expect(await world.serviceAccountLabels("team", "none")).toEqual({ now: "there" });
  });

  it("rejects instead of deciding without it when the API server does not answer", async () => {
    const { world, clock, kube } = open([], (call) => {
      late("watch")(call);
      if (call.verb === "get") throw new ClouderError("unreachable", "down", { retryable: true });
    });
    await expect(world.namespaceLabels("team")).rejects.toMatchObject({ code: "unreachable" });
    kube.intercept = undefined;
    kube.get = () => new Promise(() => undefined);
    const slow = world.namespaceLabels("other");
    const failed = expect(slow).rejects.toMatchObject({ code: "timeout", retryable: true });
    await clock.advance(2_500);
    await failed;
  });

  it("names of a flood of forged reviews become few reads at a time", async () => {
    const { world, kube } = open([], late("watch"));
    const get = kube.get.bind(kube);
    let under = 0;
    let most = 0;
    kube.get = async (resource, name) => {
      most = Math.max(most, (under += 1));
      await new Promise((resolve) => setImmediate(resolve));
      under -= 1;
      return get(resource, name);
    };
    const asked = Array.from({ length: 500 }, async (_, index) =>
      world.namespaceLabels(`n${index}`),
    );
    const results = await Promise.allSettled(asked);
    expect(most).toBeLessThanOrEqual(32);
    expect(results.filter(({ status }) => status === "rejected").length).toBe(500 - 32);
  });
});

describe("F21: watches that end", () => {
  it("by an error are begun anew, and what was known stays known meanwhile", async () => {
    const kube = createFakeKube([named("team", { a: "b" })]);
    const watch = kube.watch.bind(kube);
    let times = 0;
    kube.watch = async function* (resource, options, signal) {
      if (resource.kind === "Namespace" && (times += 1) === 1) {
        yield { type: "RESYNC", objects: await kube.list(resource) };
        throw new ClouderError("denied", "the watch gave up");
      }
      yield* watch(resource, options, signal);
    };
    const clock = createManualClock();
    const lines: string[] = [];
    const log = ({ message }: { message: string }) => lines.push(message);
    const world = openWorld({ kube, clock, log, signal: stop.signal });
    await clock.advance(0);
    kube.seed(named("later", { c: "d" }));
    expect(world.synced()).toBe(true);
    expect(await world.namespaceLabels("team")).toEqual({ a: "b" });
    expect([times, lines, world.counts()]).toMatchObject([
      1,
      ["watch begun anew"],
      { liveReads: 0, watchRestarts: 1 },
    ]);
    await clock.advance(500);
    expect(times).toBe(2);
    expect(await world.namespaceLabels("later")).toEqual({ c: "d" });
    expect(world.counts().liveReads).toBe(0);
  });

  it("is tried less and less often while the API server is away", async () => {
    const { world, clock, kube } = open([], ({ verb, kind }) => {
      if (verb === "watch" && kind === "Namespace") throw new ClouderError("unreachable", "down");
    });
    const tries = () => kube.calls.filter(({ kind }) => kind === "Namespace").length;
    await clock.advance(10_000);
    const early = tries();
    expect(early).toBeGreaterThan(3);
    await clock.advance(300_000);
    expect(tries() - early).toBeLessThan(25);
    expect(world.synced()).toBe(false);
    expect(world.waitingFor()).toEqual(["Namespace"]);
    expect(world.counts().watchRestarts).toBe(tries());
    kube.intercept = undefined;
    await clock.advance(60_000);
    expect(world.synced()).toBe(true);
  });

  it("staleness tells for how long the worst of them has heard nothing", async () => {
    const { world, clock, kube } = open([named("team", {})]);
    await clock.advance(0);
    expect(world.staleness()).toBe(0);
    await clock.advance(90_000);
    expect(world.staleness()).toBe(90_000);
    kube.resyncWatches();
    await clock.advance(0);
    expect(world.staleness()).toBe(0);
    await clock.advance(30_000);
    await kube.create(namespaces, named("new", {}) as never);
    await clock.advance(0);
    expect(world.staleness(), "one watch that was heard says nothing of the others").toBe(30_000);
  });

  it("a list that is made anew forgets what is gone", async () => {
    const { world, clock, kube } = open([named("a", { x: "1" }, "team")]);
    await clock.advance(0);
    await kube.remove(serviceAccounts, { namespace: "team", name: "a" });
    kube.resyncWatches();
    await clock.advance(0);
    expect(await world.serviceAccountLabels("team", "a")).toEqual({});
  });
});

it("PodDefaults of a cluster that does not know the kind are none, and are taken up when it does", async () => {
  let served = false;
  const { world, clock, kube } = open([], ({ verb, kind }) => {
    if (!served && verb === "watch" && kind === "PodDefault") {
      throw new ClouderError("not-found", "the server could not find the requested resource");
    }
  });
  await clock.advance(0);
  expect(world.synced()).toBe(true);
  served = true;
  await kube.create(podDefaults, podDefault("later") as never);
  await clock.advance(31_000);
  expect(namesOf(world, "team")).toEqual(["PodDefault/later"]);
  expect(world.counts().watchRestarts).toBe(0);
});
