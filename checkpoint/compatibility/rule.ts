import type { Compatibility, NodeFacts } from "#checkpoint/api/types";

/** Where and how CRIU comes, and the rule that binds it to the kernel. */
export interface Incompatibility {
  readonly message: string;
  readonly cure: string;
}

type Version = readonly [major: number, minor: number];

/** Major and minor number at the start of a version text. */
export function versionOf(text: string): Version | undefined {
  const match = /(\d+)\.(\d+)/.exec(text);
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

export function isBelow(a: Version, b: Version): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

/**
 * CRIU 3.16 is the oldest that container runtimes take; kernels since 6.16 need 4.2
 * (https://github.com/checkpoint-restore/criu/pull/2711).
 */
export function criuProblem(
  criuVersion: string | undefined,
  kernel: string,
): Incompatibility | undefined {
  const criu = versionOf(criuVersion ?? "");
  if (!criu) {
    return {
      message: "CRIU is not installed",
      cure: "install criu 4.2 or newer on the node",
    };
  }
  if (isBelow(criu, [3, 16])) {
    return {
      message: `CRIU ${criuVersion ?? ""} is older than 3.16`,
      cure: "install criu 4.2 or newer on the node",
    };
  }
  const kernelVersion = versionOf(kernel);
  if (kernelVersion && !isBelow(kernelVersion, [6, 16]) && isBelow(criu, [4, 2])) {
    return {
      message: `CRIU ${criuVersion ?? ""} does not work on kernel ${kernel}`,
      cure: "kernels since 6.16 need criu 4.2 or newer: install it on the node",
    };
  }
  return undefined;
}

/** Why what was frozen under `source` cannot go on under `target`; undefined when it can. */
export function incompatibility(source: Compatibility, target: NodeFacts): string | undefined {
  if (source.architecture !== target.architecture) {
    return `architecture is ${target.architecture}, the checkpoint needs ${source.architecture}`;
  }
  const lacks = missingFeatures(source, target);
  if (lacks !== undefined) return lacks;
  if (source.cgroupVersion !== target.cgroupVersion) {
    return `cgroup version is ${target.cgroupVersion}, the checkpoint needs ${source.cgroupVersion}`;
  }
  const problem = criuProblem(target.criuVersion, target.kernel);
  return problem ? problem.message : olderCriu(source, target);
}

function missingFeatures(source: Compatibility, target: NodeFacts): string | undefined {
  const missing = source.cpuFeatures.filter((feature) => !target.cpuFeatures.includes(feature));
  if (missing.length === 0) return undefined;
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : "";
  return `the CPU lacks ${missing.slice(0, 5).join(", ")}${more}`;
}

function olderCriu(source: Compatibility, target: NodeFacts): string | undefined {
  const was = versionOf(source.criuVersion ?? "");
  const is = versionOf(target.criuVersion ?? "");
  if (was && is && isBelow(is, was)) {
    return `CRIU ${target.criuVersion ?? ""} is older than the ${source.criuVersion ?? ""} that made the checkpoint`;
  }
  return undefined;
}

/** The part of the facts that a checkpoint keeps. */
export function compatibilityOf(facts: NodeFacts): Compatibility {
  const { architecture, kernel, criuVersion, runtimeVersion, ociRuntimeVersion } = facts;
  return {
    architecture,
    kernel,
    runtimeVersion,
    cgroupVersion: facts.cgroupVersion,
    cpuFeatures: facts.cpuFeatures,
    ...(criuVersion === undefined ? {} : { criuVersion }),
    ...(ociRuntimeVersion === undefined ? {} : { ociRuntimeVersion }),
  };
}
