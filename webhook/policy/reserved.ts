/** Names of environment variables that injection stays away from. */

/** What every API server takes: later ones take more, but the value must start on all of them. */
const variableName = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

/** Why a variable must not be set; undefined when it may. `allowed` lifts the reserved ones. */
export function reservedReason(name: string, allowed: readonly string[] = []): string | undefined {
  if (!variableName.test(name) || name === "." || name === "..") {
    return "is no valid name of a variable";
  }
  if (allowed.includes(name)) return undefined;
  if (name === "PATH") return "is reserved: it decides which programs run";
  if (name.startsWith("LD_")) return "is reserved: the dynamic loader obeys it";
  if (name.startsWith("KUBERNETES_")) return "is reserved: the kubelet sets it";
  return undefined;
}
