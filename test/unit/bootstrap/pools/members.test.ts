import { describe, expect, test } from "vitest";
import { withoutWorker, withWorkers } from "#bootstrap/pools/members";
import { wantsGpus, nodeLabels, poolLabels, poolTaints } from "#bootstrap/pools/pool-kind";
import type { ClusterSpec, PoolSpec } from "#bootstrap/spec/cluster-spec";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines, withNumbers } from "#bootstrap/spec/machines";
import type { ClusterFlags } from "#bootstrap/spec/flags";

const load = (flags: ClusterFlags): ClusterSpec =>
  loadSpec({
    flags: { name: "lab", ...flags },
    defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
  });
const pool = (name: string, count: number): PoolSpec => ({
  ...{ name, count, labels: {}, taints: [], checkpoint: true },
});
const names = (spec: ClusterSpec, of?: string) =>
  wantedMachines(spec).flatMap((one) => (of === undefined || one.pool === of ? [one.name] : []));

describe("names of workers", () => {
  const spec: ClusterSpec = { ...load({}), pools: [pool("workers", 2), pool("gpu", 1)] };

  test("count through all pools, the first control plane without a number (E6)", () => {
    const planes = { ...spec, controlPlane: { ...spec.controlPlane, count: 3 } };
    expect(names(planes)).toEqual([
      ...["lab-master", "lab-master-2", "lab-master-3"],
      ...["lab-node-1", "lab-node-2", "lab-node-3"],
    ]);
  });

  test("stay when another pool grows or a node in the middle leaves (H4)", () => {
    const grown = withWorkers(spec, "workers", 1, []);
    expect(names(grown, "workers")).toEqual(["lab-node-1", "lab-node-2", "lab-node-4"]);
    expect(names(grown, "gpu")).toEqual(["lab-node-3"]);
    const smaller = withoutWorker(grown, "lab-node-2");
    expect(names(smaller, "workers")).toEqual(["lab-node-1", "lab-node-4"]);
    expect(names(smaller, "gpu")).toEqual(["lab-node-3"]);
    expect(names(withWorkers(smaller, "gpu", 1, []), "gpu")).toEqual(["lab-node-2", "lab-node-3"]);
  });

  test("are taken from what is known where a document tells counts only", () => {
    const known = withoutWorker(spec, "lab-node-1");
    const again = { ...spec, pools: [pool("workers", 1), pool("gpu", 1)] };
    expect(names(withNumbers(again, known))).toEqual(names(known));
  });
});

describe("machines of the user's own", () => {
  const spec = withNumbers({
    ...load({ provider: "ssh", hosts: ["root@m", "root@a", "root@b"] }),
    pools: [pool("workers", 1), pool("gpu", 1)],
  });

  test("a new host takes the place of its node in the list", () => {
    const grown = withWorkers(spec, "workers", 1, ["root@c"]);
    expect(grown.provider.settings["hosts"]).toEqual(["root@m", "root@a", "root@c", "root@b"]);
    expect(names(grown)).toEqual(["lab-master", "lab-node-1", "lab-node-3", "lab-node-2"]);
  });

  test("a host leaves the list with its node", () => {
    const smaller = withoutWorker(spec, "lab-node-1");
    expect(smaller.provider.settings["hosts"]).toEqual(["root@m", "root@b"]);
  });

  test("each new node wants a host, and machines that are made want none", () => {
    expect(() => withWorkers(spec, "gpu", 2, ["root@c"])).toThrow(/2 nodes .* 1 hosts/);
    expect(() => withWorkers(load({}), "workers", 1, ["root@c"])).toThrow(/ssh provider/);
  });
});

describe("what a pool is for (H3)", () => {
  test("labels of role, variant and accelerator, with the original's defaults", () => {
    expect(nodeLabels(pool("workers", 1))).toEqual({
      "clouder.datalayer.io/pool": "workers",
      "role.datalayer.io/runtime": "true",
      "node.datalayer.io/variant": "medium",
      "xpu.datalayer.io/cpu": "true",
    });
    const labels = poolLabels({ roles: ["jupyter"], variant: "large", xpu: "gpu-cuda" }, {});
    expect(nodeLabels({ ...pool("gpu", 1), labels })).toEqual({
      "clouder.datalayer.io/pool": "gpu",
      "role.datalayer.io/jupyter": "true",
      "node.datalayer.io/variant": "large",
      "xpu.datalayer.io/gpu-cuda": "true",
    });
  });

  test("the original's accelerator gpu has its label for NVIDIA's device plugin (E7)", () => {
    const labels = poolLabels({ xpu: "gpu" }, {});
    expect(nodeLabels({ ...pool("gpu", 1), labels })).toMatchObject({
      "xpu.datalayer.io/gpu": "true",
      "nvidia.com/device-plugin.config": "gpu-nvidia-20",
    });
    expect(wantsGpus({ labels })).toBe(true);
    expect(wantsGpus({ labels, gpuDriver: false })).toBe(false);
    expect(wantsGpus({ labels: poolLabels({ xpu: "cpu" }, {}) })).toBe(false);
    expect(wantsGpus({ labels: {}, gpuDriver: true })).toBe(true);
  });

  test("a pool of GPUs is tainted; other taints stay", () => {
    const own = { key: "team", value: "a", effect: "NoSchedule" } as const;
    const tainted = poolTaints({ xpu: "gpu-cuda" }, [own]);
    expect(tainted.map(({ key }) => key)).toEqual(["team", "nvidia.com/gpu"]);
    expect(poolTaints({ xpu: "cpu" }, tainted)).toEqual([own]);
    expect(poolTaints({}, tainted)).toBe(tainted);
  });
});
