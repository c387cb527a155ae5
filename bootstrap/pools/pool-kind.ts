import type { PoolSpec } from "#bootstrap/spec/cluster-spec";

/** What a pool's nodes are for; the original names. */
export interface PoolKind {
  readonly roles?: readonly string[] | undefined;
  readonly variant?: string | undefined;
  /** `cpu`, `gpu-cuda` or another accelerator. */
  readonly xpu?: string | undefined;
}

const rolePrefix = "role.datalayer.io/";
const variantLabel = "node.datalayer.io/variant";
const xpuPrefix = "xpu.datalayer.io/";

/** By it the original's nodes for the accelerator "gpu" choose settings of NVIDIA's device plugin. */
const pluginConfig = { "nvidia.com/device-plugin.config": "gpu-nvidia-20" };

/** Keeps pods away that ask for no accelerator; its device plugins tolerate it. */
const gpuTaint = { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" } as const;

/** Labels for what a request says; kinds that it does not name keep theirs. */
export function poolLabels(
  { roles, variant, xpu }: PoolKind,
  known: PoolSpec["labels"],
): PoolSpec["labels"] {
  const kept = Object.entries(known).filter(
    ([key]) =>
      !(roles !== undefined && key.startsWith(rolePrefix)) &&
      !(xpu !== undefined && key.startsWith(xpuPrefix)),
  );
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries((roles ?? []).map((role) => [`${rolePrefix}${role}`, "true"])),
    ...(variant !== undefined && { [variantLabel]: variant }),
    ...(xpu !== undefined && { [`${xpuPrefix}${xpu}`]: "true" }),
  };
}

/** A pool of accelerators is tainted, another one is not. */
export function poolTaints({ xpu }: PoolKind, known: PoolSpec["taints"]): PoolSpec["taints"] {
  if (xpu === undefined) return known;
  const others = known.filter(({ key }) => key !== gpuTaint.key);
  return xpu.startsWith("gpu") ? [...others, gpuTaint] : others;
}

/** All labels of a pool's nodes: role, variant and accelerator have a value in any case. */
export function nodeLabels(pool: PoolSpec): Readonly<Record<string, string>> {
  const has = (prefix: string) => Object.keys(pool.labels).some((key) => key.startsWith(prefix));
  return {
    "clouder.datalayer.io/pool": pool.name,
    ...(!has(rolePrefix) && { [`${rolePrefix}runtime`]: "true" }),
    ...(!has(variantLabel) && { [variantLabel]: "medium" }),
    ...(!has(xpuPrefix) && { [`${xpuPrefix}cpu`]: "true" }),
    ...(pool.labels[`${xpuPrefix}gpu`] === "true" && pluginConfig),
    ...pool.labels,
  };
}

/** Whether pods are to get a pool's GPUs: as it says itself, else by the accelerator it is labelled with. */
export function wantsGpus({ gpuDriver, labels }: Pick<PoolSpec, "gpuDriver" | "labels">): boolean {
  return gpuDriver ?? Object.keys(labels).some((key) => key.startsWith(`${xpuPrefix}gpu`));
}
