import { describe, expect, test } from "vitest";
import type { HostGpus } from "#bootstrap/nodes/host-gpus";
import { nodeSettingsFor } from "#bootstrap/nodes/node-settings";
import { noPackages } from "#bootstrap/packages/none";
import type { GpuPackages, Packages } from "#bootstrap/packages/packages";
import type { Machine, Provider } from "#bootstrap/providers/provider";
import type { PoolSpec } from "#bootstrap/spec/cluster-spec";
import { containerd } from "#bootstrap/steps/containerd";
import { gpuDriver } from "#bootstrap/steps/gpu-driver";
import { gpuRuntime } from "#bootstrap/steps/gpu-runtime";
import { checkGpus, gpuLabels, gpuWarnings } from "#bootstrap/steps/gpus";
import type { Host, PlanContext, Step } from "#bootstrap/steps/step";
import type { ReportEvent } from "#core/report";
import { scriptedNode, type ScriptedNode } from "#test/fakes/scripted-node";
import { contextFor } from "../plans/plan.ts";

const machine: Machine = {
  ...{ name: "lab-node-1", role: "worker", pool: "gpu-workers", privateAddress: "10.0.0.5" },
  reach: { access: "local" },
};
const bare: HostGpus = { devices: ["1eb8"], driver: "", toolkit: false, secureBoot: false };
const complete: HostGpus = { ...bare, driver: "580.95.05", toolkit: true };

const asking: PoolSpec = {
  ...{ name: "gpu-workers", count: 1, taints: [], checkpoint: true },
  labels: { "xpu.datalayer.io/gpu-cuda": "true" },
};
interface Given {
  readonly gpus?: HostGpus;
  readonly pool?: Partial<PoolSpec>;
  /** A source that has a driver. */
  readonly has?: boolean;
  readonly keepsMachines?: boolean;
}
const events: ReportEvent[] = [];

function given({ gpus, pool, has = true, keepsMachines = true }: Given) {
  const settings = nodeSettingsFor([], {});
  const host = { name: machine.name, settings, ...(gpus && { gpus }) } as Host;
  const installed: string[] = [];
  const gpu: GpuPackages = {
    ...{ preview: () => [], check: () => undefined },
    install: (_context, { machine: { name } }) => {
      installed.push(name);
      return Promise.resolve({});
    },
  };
  const known = { pauseImage: () => Promise.resolve("pause"), title: "the bundle /b" };
  const packages: Packages = {
    ...{ ...noPackages, ...known, containerdDigest: () => Promise.resolve("d") },
    ...(has && { gpu }),
  };
  events.length = 0;
  const context = contextFor((event) => events.push(event));
  const spec = { ...context.spec, pools: [{ ...asking, ...pool }] };
  const provider = { keepsMachines } as Provider;
  const all: PlanContext = { ...context, spec, packages, provider };
  return { context: all, host, facts: { hosts: [host], machines: [machine] }, installed };
}

function run(step: Step, access: ScriptedNode, wish: Given) {
  const { context, facts, installed } = given(wish);
  const done =
    step.scope === "node"
      ? step.run(context, facts, { machine, access })
      : step.scope === "cluster"
        ? step.run(context, { ...facts, plane: { machine, access } })
        : Promise.reject(new Error("a step of a node or of the cluster is expected"));
  return Object.assign(done, { installed });
}
const starts = (said: string) => scriptedNode("lab-node-1", [[/modprobe nvidia/, said]]);

describe("the step of the GPU's driver (E7)", () => {
  test.each([
    ["there is no GPU", {}],
    ["its pool has gpuDriver: false", { gpus: bare, pool: { gpuDriver: false } }],
    ["its pool asks for no GPUs", { gpus: bare, pool: { labels: {} } }],
  ])("does nothing where %s", async (_what, wish: Given) => {
    const node = scriptedNode("lab-node-1");
    const work = run(gpuDriver, node, wish);
    expect(await work).toEqual({ skipped: "no GPU to drive" });
    expect(work.installed).toEqual([]);
    expect(node.ran).toEqual([]);
  });

  test("installs it, loads its modules and asks it", async () => {
    const node = starts("ready\nGPU 0: Tesla T4\n");
    const work = run(gpuDriver, node, { gpus: bare });
    expect(await work).toEqual({});
    expect(work.installed).toEqual(["lab-node-1"]);
    expect(node.ran.at(-1)?.line).toContain("nvidia-smi -L");
  });

  test("takes what an image brought, from a bundle, too", async () => {
    const node = scriptedNode("lab-node-1");
    const work = run(gpuDriver, node, { gpus: complete, has: false });
    expect(await work).toEqual({ skipped: "was there already" });
  });

  test("tells the owner of a machine that it has to be rebooted, and reboots it not", async () => {
    const node = starts("reboot\nmodprobe: FATAL: Module nvidia not found\n");
    await expect(run(gpuDriver, node, { gpus: bare })).rejects.toMatchObject({
      code: "refused",
      message: "lab-node-1 has to be rebooted for NVIDIA's driver",
    });
    expect(node.ran.map(({ line }) => line).join()).not.toContain("systemctl reboot");
  });

  test("reboots no machine that is a node already, whoever made it", async () => {
    const node = starts("reboot\n");
    node.files.set("/var/lib/clouder/bootstrap/cluster.json", '{"uid":"uid","state":"ready"}');
    const wish = { gpus: bare, keepsMachines: false };
    await expect(run(gpuDriver, node, wish)).rejects.toMatchObject({
      code: "refused",
      hint: expect.stringContaining("kubectl drain lab-node-1") as string,
    });
    expect(node.ran.map(({ line }) => line).join()).not.toContain("systemctl reboot");
  });

  test.each([
    ["rejected\nmodprobe: ERROR: Key was rejected by service", "unsupported", "secure boot"],
    ["failed\nNo devices were found", "remote-command", "No devices were found"],
  ])("fails with the cause: %j", async (said, code, message) => {
    await expect(run(gpuDriver, starts(said), { gpus: bare })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });
});

describe("before the first change", () => {
  const check = (wish: Given) => {
    const { context, host } = given(wish);
    checkGpus(context, machine, host);
    return events.map((event) => ("message" in event ? event.message : ""));
  };

  test("a bundle is refused for a pool of GPUs whose machines bring no driver", () => {
    expect(() => check({ gpus: bare, has: false })).toThrow(
      expect.objectContaining({
        code: "unsupported",
        message: "the bundle /b has no driver for the GPU of lab-node-1",
        hint: expect.stringContaining("--no-gpu-driver") as string,
      }) as Error,
    );
    expect(() => check({ gpus: { ...complete, toolkit: false }, has: false })).toThrow("toolkit");
  });

  test.each([
    [{ gpus: complete, has: false }, []],
    [{ gpus: bare }, []],
    [{ gpus: bare, has: false, pool: { gpuDriver: false } }, []],
    [{ gpus: bare, has: false, pool: { labels: {} } }, ["stays unused"]],
    [{ gpus: bare, has: false, pool: { labels: {}, gpuDriver: false } }, []],
    [{ gpus: complete, has: false, pool: { labels: {}, gpuDriver: true } }, []],
    [{}, ["has none of NVIDIA's"]],
    [{ pool: { labels: {} } }, []],
  ])(
    "%j is taken, with a word where that is needed: %j",
    (wish: Given, words: readonly string[]) => {
      const said = check(wish);
      expect(said).toHaveLength(words.length);
      words.forEach((word, index) => {
        expect(said[index]).toContain(word);
      });
    },
  );
});

test("a cloud's pool of GPUs from a bundle is told of before its machines are paid for", () => {
  const cloud = { cloudFacts: () => Promise.reject(new Error("nobody asks")) };
  const warned = (wish: Given, provider: object = cloud) =>
    gpuWarnings({ ...given(wish).context, provider: provider as Provider });
  expect(warned({ has: false })).toEqual([expect.stringContaining("the pool gpu-workers")]);
  expect(warned({})).toEqual([]);
  expect(warned({ has: false, pool: { gpuDriver: false } })).toEqual([]);
  expect(warned({ has: false, pool: { labels: {} } })).toEqual([]);
  expect(warned({ has: false }, {})).toEqual([]);
});

describe("a node that drives GPUs", () => {
  test("has the runtime in a file of its own, beside ours", async () => {
    const node = scriptedNode("lab-node-1");
    await run(containerd, node, { gpus: bare });
    const main = node.files.get("/etc/containerd/config.toml");
    expect(main).toContain('version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n');
    expect(main).not.toContain("nvidia-container-runtime");
    const more = node.files.get("/etc/containerd/conf.d/clouder-nvidia.toml");
    expect(more).toContain("version = 3\n");
    expect(more).toContain(".containerd.runtimes.nvidia.options]\n  SystemdCgroup = true\n");
    expect(more).toContain('BinaryName = "/usr/bin/nvidia-container-runtime"');
  });

  test("alone is told of more files: the others' settings stay as they were", async () => {
    const node = scriptedNode("lab-node-1");
    await run(containerd, node, {});
    expect(node.files.get("/etc/containerd/config.toml")).not.toContain("imports");
    expect([...node.files.keys()].join()).not.toContain("nvidia");
  });

  test("has its label, and the cluster the class of pods with GPUs", async () => {
    const { context, facts } = given({ gpus: bare });
    expect(gpuLabels(context, facts, machine)).toEqual({ "nvidia.com/gpu.present": "true" });
    const plane = scriptedNode("lab-master");
    expect(await run(gpuRuntime, plane, { gpus: bare })).toEqual({});
    const applied = JSON.parse(plane.ran.at(-1)?.stdin ?? "{}") as object;
    expect(applied).toMatchObject({
      ...{ kind: "RuntimeClass", metadata: { name: "nvidia" }, handler: "nvidia" },
      scheduling: {
        nodeSelector: { "nvidia.com/gpu.present": "true" },
        tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
      },
    });
  });

  test("is absent: no label and no class", async () => {
    const { context, facts } = given({});
    expect(gpuLabels(context, facts, machine)).toEqual({});
    const plane = scriptedNode("lab-master");
    expect(await run(gpuRuntime, plane, {})).toEqual({ skipped: "no machine has a GPU to drive" });
    const there = scriptedNode("lab-master", [[/get runtimeclass nvidia/, "nvidia"]]);
    expect(await run(gpuRuntime, there, { gpus: bare })).toEqual({ skipped: "is there already" });
    expect([...plane.ran, ...there.ran].map(({ line }) => line).join()).not.toContain("apply");
  });
});
