import { describe, expect, test } from "vitest";
import { groupsOf, refuseUnscalable } from "#bootstrap/autoscaler/groups";
import { createScaler } from "#bootstrap/autoscaler/scaler";
import { autoscalerValues, cloudConfig } from "#bootstrap/autoscaler/values";
import { withoutWorker, withWorkers } from "#bootstrap/pools/members";
import type { Machine } from "#bootstrap/providers/provider";
import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines, withNumbers } from "#bootstrap/spec/machines";
import { ClouderError } from "#core/error";

const pool = (name: string, count: number, more: Partial<PoolSpec> = {}): PoolSpec => ({
  ...{ name, count, labels: {}, taints: [], checkpoint: true },
  ...more,
});
const loaded = loadSpec({
  flags: { name: "dev" },
  defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
});
const start: ClusterSpec = withNumbers({
  ...loaded,
  pools: [pool("workers", 2), pool("batch", 2, { min: 1, max: 4 }), pool("more", 0, { max: 2 })],
});

/** A cloud where every job waits until it is let through; the record is written first, as jobs do. */
function world() {
  let spec = start;
  let broken = "";
  let refusing = "";
  const gates: (() => void)[] = [];
  const missing = new Set<string>();
  const asked: string[] = [];
  const machines = (): Machine[] =>
    wantedMachines(spec).flatMap(({ name, role, pool: of }) =>
      missing.has(name)
        ? []
        : [
            {
              ...{ name, role, pool: of, privateAddress: "10.0.0.1", reach: { access: "local" } },
              providerID: `aws:///a/${name}`,
            },
          ],
    );
  const job = async (what: string, intent: () => void, done: () => void) => {
    asked.push(what);
    if (refusing !== "") throw new ClouderError("denied", refusing);
    intent();
    await new Promise<void>((resolve) => gates.push(resolve));
    if (broken !== "") throw new ClouderError("denied", broken);
    done();
  };
  const scaler = createScaler({
    spec: () => Promise.resolve(spec),
    machines: () => Promise.resolve(machines()),
    add: (name, count) =>
      job(
        `add ${count} to ${name}`,
        () => {
          const before = new Set(wantedMachines(spec).map((one) => one.name));
          spec = withWorkers(spec, name, count, []);
          for (const one of wantedMachines(spec)) if (!before.has(one.name)) missing.add(one.name);
        },
        () => {
          missing.clear();
        },
      ),
    remove: (name) =>
      job(
        `remove ${name}`,
        () => undefined,
        () => {
          spec = withoutWorker(spec, name);
        },
      ),
    report: () => undefined,
  });
  const through = async () => {
    while (gates.length === 0) await new Promise((resolve) => setImmediate(resolve));
    gates.shift()?.();
  };
  const refuse = (why: string) => (refusing = why);
  return { scaler, asked, through, refuse, fail: (why: string) => (broken = why) };
}
const named = (name: string) => ({ id: `aws:///a/${name}`, name });

describe("pools as node groups", () => {
  test("are those with bounds; the others, and control planes, are nobody's", async () => {
    const { scaler } = world();
    expect(await scaler.groups()).toEqual([
      { name: "batch", min: 1, max: 4 },
      { name: "more", min: 1, max: 2 },
    ]);
    expect(await scaler.groupOf(named("dev-node-3"))).toMatchObject({ name: "batch" });
    // Of a machine that never became a node an autoscaler knows the id alone.
    const { id } = named("dev-node-4");
    expect(await scaler.groupOf({ id, name: id })).toMatchObject({ name: "batch" });
    expect(await scaler.groupOf(named("dev-node-1"))).toBeUndefined();
    expect(await scaler.groupOf(named("dev-master"))).toBeUndefined();
    await expect(scaler.target("workers")).rejects.toMatchObject({ code: "not-found" });
  });

  test("grow at once in what is wanted, and in the background in machines, never counted twice", async () => {
    const { scaler, asked, through } = world();
    await scaler.grow("batch", 2);
    expect(await scaler.target("batch")).toBe(4);
    await expect(scaler.grow("batch", 1)).rejects.toMatchObject({ code: "refused" });
    while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    // The record has them by now, the provider not.
    expect(await scaler.target("batch")).toBe(4);
    expect((await scaler.instances("batch")).map(({ state }) => state)).toEqual([
      ...["running", "running", "creating", "creating"],
    ]);
    await through();
    await scaler.idle();
    expect(await scaler.target("batch")).toBe(4);
    expect((await scaler.instances("batch")).every(({ id }) => id.startsWith("aws:"))).toBe(true);
    expect(asked).toEqual(["add 2 to batch"]);
  });

  test("shrink by named nodes, one after another, never below min", async () => {
    const { scaler, asked, through } = world();
    const [first, second] = [named("dev-node-3"), named("dev-node-4")];
    await expect(scaler.remove("batch", [first, second])).rejects.toMatchObject({
      code: "refused",
    });
    await expect(scaler.remove("batch", [named("dev-node-1")])).rejects.toThrow("no node of batch");
    await scaler.remove("batch", [second]);
    // Asked again while it goes: nothing more.
    await scaler.remove("batch", [second]);
    expect(await scaler.target("batch")).toBe(1);
    expect((await scaler.instances("batch")).map(({ state }) => state)).toContain("deleting");
    await through();
    await scaler.idle();
    expect(asked).toEqual(["remove dev-node-4"]);
    expect((await scaler.instances("batch")).map(({ id }) => id)).toEqual([first.id]);
  });

  test("tell why a machine could not be made, and give it up on request", async () => {
    const { scaler, asked, through, fail } = world();
    fail("the quota is used up");
    await scaler.grow("batch", 1);
    await through();
    await scaler.idle();
    const failed = (await scaler.instances("batch")).at(-1);
    expect(failed).toEqual({
      ...{ id: "clouder:///dev-node-5", state: "creating", trouble: "the quota is used up" },
    });
    fail("");
    await expect(scaler.giveUp("batch", 2)).rejects.toMatchObject({ code: "refused" });
    await scaler.giveUp("batch", 1);
    expect(await scaler.target("batch")).toBe(2);
    await through();
    await scaler.idle();
    expect(asked.at(-1)).toBe("remove dev-node-5");
    expect(await scaler.instances("batch")).toHaveLength(2);
  });

  test("tell what was refused before anything was written down, until it is deleted", async () => {
    const { scaler, asked, through, refuse } = world();
    refuse("beyond the quota");
    await scaler.grow("batch", 2);
    await scaler.idle();
    const failed = (await scaler.instances("batch")).slice(2);
    const trouble = "beyond the quota";
    expect(failed.map((one) => [one.state, one.trouble])).toEqual([
      ...[["creating", trouble], ["creating", trouble]], // prettier-ignore
    ]);
    expect(await scaler.target("batch")).toBe(4);
    const [first, second] = failed;
    await scaler.remove("batch", [{ id: first?.id ?? "", name: first?.id ?? "" }]);
    expect(await scaler.target("batch")).toBe(3);
    await scaler.giveUp("batch", 1);
    expect(await scaler.target("batch")).toBe(2);
    expect(await scaler.instances("batch")).toHaveLength(2);
    // Another refusal is another one: an autoscaler would take a known id for the old trouble.
    await scaler.grow("batch", 1);
    await scaler.idle();
    const again = (await scaler.instances("batch")).at(-1)?.id;
    expect([first?.id, second?.id]).not.toContain(again);
    refuse("");
    await scaler.remove("batch", [{ id: again ?? "", name: "" }]);
    await scaler.grow("batch", 2);
    await through();
    await scaler.idle();
    expect(asked).toEqual(["add 2 to batch", "add 1 to batch", "add 2 to batch"]);
    expect(await scaler.target("batch")).toBe(4);
  });
});

test("the chart's values name the pools with their bounds, the minor, and the way to the service", () => {
  expect(autoscalerValues(start)).toMatchObject({
    cloudProvider: "externalgrpc",
    autoscalingGroups: [
      { name: "batch", minSize: 1, maxSize: 4 },
      { name: "more", minSize: 1, maxSize: 2 },
    ],
    image: { tag: "v1.36.0" },
    extraArgs: { "cloud-config": "/etc/clouder-autoscaler/cloud-config" },
    extraVolumes: [{ secret: { secretName: "clouder-autoscaler" } }],
    extraVolumeMounts: [{ mountPath: "/etc/clouder-autoscaler" }],
  });
  expect(cloudConfig("scaler.example.org:8086")).toEqual({
    address: "scaler.example.org:8086",
    key: "/etc/clouder-autoscaler/tls.key",
    cert: "/etc/clouder-autoscaler/tls.crt",
    cacert: "/etc/clouder-autoscaler/ca.crt",
    grpc_timeout: "30s",
  });
});

test("a cluster outside of clouds, or without bounds, is refused with the cure", () => {
  const cloud = { cloudFacts: () => Promise.reject(new Error("nobody asks")) };
  expect(() => {
    refuseUnscalable(start, {});
  }).toThrow(expect.objectContaining({ code: "unsupported" }) as Error);
  const bare = { ...start, pools: [pool("workers", 1)] };
  expect(groupsOf(bare)).toEqual([]);
  expect(() => {
    refuseUnscalable(bare, cloud);
  }).toThrow(
    expect.objectContaining({
      hint: expect.stringContaining("nodepool update dev workers --min 1") as string,
    }) as Error,
  );
  refuseUnscalable(start, cloud);
});
