import { expect, test } from "vitest";
import { createClusterPlan } from "#bootstrap/plans/create-cluster";
import { chooseSteps, orderSteps } from "#bootstrap/plans/order";
import { runPlan } from "#bootstrap/plans/runner";
import type { Provider } from "#bootstrap/providers/provider";
import type { PoolSpec } from "#bootstrap/spec/cluster-spec";
import { ClouderError } from "#core/error";
import { contextFor } from "#test/unit/bootstrap/plans/plan";

/** Runs a create whose provider makes nothing; gives what was asked of it, in order. */
async function asked(calls: Partial<Provider>, only?: string): Promise<readonly string[]> {
  const order: string[] = [];
  const noted = (name: string, work: (() => Promise<unknown>) | undefined) => () => {
    order.push(name);
    return work?.() ?? Promise.resolve([]);
  };
  const provider = {
    preflight: noted("preflight", calls.preflight as never),
    list: noted("list", undefined),
    ensure: noted("ensure", () =>
      Promise.reject(new ClouderError("no-space", "no machine is left")),
    ),
  } as unknown as Provider;
  const context = { ...contextFor(), provider, keepIntent: noted("record", undefined) as never };
  const plan = createClusterPlan({ provider, spec: context.spec });
  await expect(runPlan(plan, context, only === undefined ? {} : { only })).rejects.toThrow(
    /^(machines: |no rights$)/,
  );
  return order;
}

test("a create asks the provider once whether it can, and keeps its intent before the first change", async () => {
  expect(await asked({})).toEqual(["preflight", "record", "list", "ensure"]);
});

test("a create of one step does so, too", async () => {
  expect(await asked({}, "machines")).toEqual(["preflight", "record", "list", "ensure"]);
});

test("a create that the provider refuses keeps no intent", async () => {
  const preflight = () => Promise.reject(new ClouderError("denied", "no rights"));
  expect(await asked({ preflight })).toEqual(["preflight"]);
});

test("a create cannot leave the look before the first change out", () => {
  const plan = createClusterPlan({ provider: { keepsMachines: true }, spec: { pools: [] } });
  expect(() => chooseSteps(plan, { skip: ["preflight"] })).toThrow(
    expect.objectContaining({ code: "usage", hint: 'do not skip "preflight"' }),
  );
});

test("only kubeadm waits for a load balancer: machines are prepared while it is being made", () => {
  const order = orderSteps(
    createClusterPlan({ provider: { keepsMachines: false }, spec: { pools: [] } }),
  );
  const foundations = (id: string): readonly string[] =>
    (order.find(({ step }) => step.id === id)?.after ?? []).flatMap((one) => [
      one,
      ...foundations(one),
    ]);
  expect(foundations("init")).toContain("load-balancer");
  for (const early of ["connect", "prepare-host", "install-packages", "import-images", "prove"]) {
    expect(foundations(early), early).toContain("machines");
    expect(foundations(early), early).not.toContain("load-balancer");
  }
});

test("a create has steps for GPUs only where a pool asks for some, and they come before all that is set up", () => {
  const provider = { keepsMachines: false };
  const pool = { name: "a", count: 1, labels: {}, taints: [], checkpoint: true };
  const idsOf = (more: Partial<PoolSpec>) =>
    createClusterPlan({ provider, spec: { pools: [pool, { ...pool, ...more }] } }).map(
      ({ id }) => id,
    );
  const added = ["gpu-driver", "gpu-runtime"];
  expect(idsOf({}).filter((id) => id.startsWith("gpu-"))).toEqual([]);
  const gpu = idsOf({ labels: { "xpu.datalayer.io/gpu-cuda": "true" } });
  expect(gpu.filter((id) => !idsOf({}).includes(id))).toEqual(added);
  expect(idsOf({ gpuDriver: true })).toEqual(gpu);
  const order = orderSteps(
    createClusterPlan({ provider, spec: { pools: [{ ...pool, gpuDriver: true }] } }),
  );
  const standing = (id: string) =>
    order.filter(({ after }) => after.includes(id)).map(({ step }) => step.id);
  expect(standing("install-packages").toSorted()).toEqual(
    ["gpu-driver", ...standing("gpu-driver")].toSorted(),
  );
  expect(standing("gpu-driver")).toEqual(
    expect.arrayContaining(["containerd", "criu", "kubelet", "share-address"]),
  );
});
