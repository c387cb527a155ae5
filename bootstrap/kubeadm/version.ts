/** A version of Kubernetes, "v1.36.3". */
export interface KubernetesVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Reads "v1.36.3"; what follows the patch number does not count. */
export function parseVersion(text: string): KubernetesVersion {
  const [major = 0, minor = 0, patch = 0] = (/^v?(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [])
    .slice(1)
    .map(Number);
  return { major, minor, patch };
}

/** Below zero when `one` is older than `other`, zero when both are equal. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [parseVersion(one), parseVersion(other)];
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** What speaks against an upgrade from one version to another, if anything: kubeadm goes one minor at a time. */
export function upgradeProblem(from: string, to: string): string | undefined {
  const [a, b] = [parseVersion(from), parseVersion(to)];
  if (compareVersions(to, from) < 0) return `${to} is older than ${from}`;
  if (b.major !== a.major) return `${to} is another major version`;
  if (b.minor > a.minor + 1) {
    return `from ${from} the next minor version is v${a.major}.${a.minor + 1}, not ${to}`;
  }
  return undefined;
}
