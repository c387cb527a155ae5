import type { HostFacts } from "#bootstrap/nodes/host-facts";
import type { HostGpus } from "#bootstrap/nodes/host-gpus";
import { wantsGpus } from "#bootstrap/pools/pool-kind";
import type { Machine } from "#bootstrap/providers/provider";
import { poolOf } from "#bootstrap/spec/machines";
import type { Facts, PlanContext } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

type Pooled = Pick<Machine, "pool">;

/** Whether a machine has GPUs that pods are to get; those of control planes stay unused. */
export function drivesGpus(
  { spec }: Pick<PlanContext, "spec">,
  machine: Pooled,
  { gpus }: Pick<HostFacts, "gpus">,
): boolean {
  const pool = poolOf(spec, machine.pool);
  return gpus !== undefined && pool !== undefined && wantsGpus(pool);
}

/** Before machines are paid for: what may be refused once they are there. */
export function gpuWarnings({
  spec,
  packages,
  provider,
}: Pick<PlanContext, "spec" | "packages" | "provider">): readonly string[] {
  if (packages.gpu !== undefined || provider.cloudFacts === undefined) return [];
  return spec.pools
    .filter(wantsGpus)
    .map(
      ({ name }) =>
        `${packages.title} has no driver for GPUs: machines of the pool ${name} are refused unless their image brings one`,
    );
}

/** Before the first change: refuses a machine whose GPUs its pool asks for and nobody can drive. */
export function checkGpus(
  context: Pick<PlanContext, "spec" | "packages" | "report">,
  machine: Pooled,
  host: HostFacts,
): void {
  const { spec, packages, report } = context;
  const { gpus, name } = host;
  const pool = poolOf(spec, machine.pool);
  if (!pool) return;
  if (!wantsGpus(pool)) {
    const message = `its GPU stays unused: the pool ${pool.name} asks for none (--xpu gpu-cuda, --gpu-driver)`;
    if (gpus && pool.gpuDriver === undefined) {
      report({ type: "note", level: "info", host: name, message });
    }
    return;
  }
  if (!gpus) {
    const message = `the pool ${pool.name} is one of GPUs, and this machine has none of NVIDIA's`;
    report({ type: "note", level: "warn", host: name, message });
    return;
  }
  const missing = missingOf(gpus);
  if (missing === undefined) return;
  if (!packages.gpu) throw nobodyDrives(packages.title, missing, name);
  if (gpus.driver === "") packages.gpu.check(host);
}

function missingOf({ driver, toolkit }: HostGpus): string | undefined {
  if (driver === "") return "driver";
  return toolkit ? undefined : "container toolkit";
}

function nobodyDrives(source: string, missing: string, host: string): ClouderError {
  return new ClouderError("unsupported", `${source} has no ${missing} for the GPU of ${host}`, {
    hint:
      "take --packages online or a mirror, machines whose image has NVIDIA's driver and container " +
      "toolkit, or --no-gpu-driver (gpuDriver: false) where another program installs them",
  });
}

/** By it NVIDIA's device plugin, and pods, find nodes with GPUs. */
const present = "nvidia.com/gpu.present";

/** The labels of a node for its GPUs. */
export function gpuLabels(
  context: Pick<PlanContext, "spec">,
  { hosts = [] }: Partial<Facts>,
  { name, pool }: Pick<Machine, "name" | "pool">,
): Readonly<Record<string, string>> {
  const host = hosts.find((one) => one.name === name);
  return host && drivesGpus(context, { pool }, host) ? { [present]: "true" } : {};
}

/** Pods of this class get GPUs, run on their nodes, and past the taint of pools of GPUs. */
export function gpuRuntimeClass(handler: string): object {
  return {
    ...{ apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: handler }, handler },
    scheduling: {
      nodeSelector: { [present]: "true" },
      tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
    },
  };
}
