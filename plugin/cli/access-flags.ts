import type { AccessRequest } from "#bootstrap/access-kubeconfig";
import type { ClusterName } from "#bootstrap/pools/place";
import { checked, isDuration, isLabel, isObjectName } from "#plugin/cli/checks";
import { milliseconds } from "#plugin/cli/durations";
import { string } from "#plugin/cli/flags";

/** Flags of `cluster kubeconfig` for access with fewer rights than an administrator's. */
export const accessFlags = {
  role: checked(
    string({
      description: "make a kubeconfig with the rights of this ClusterRole: view, edit, …",
      exclusive: ["raw", "merge"],
    }),
    isObjectName,
  ),
  user: checked(
    string({
      description: "with --role: whose it is, in audit logs [default: the role's name]",
      dependsOn: ["role"],
    }),
    isLabel,
  ),
  namespace: checked(
    string({
      char: "n",
      description: "with --role: rights in this namespace only",
      dependsOn: ["role"],
    }),
    isLabel,
  ),
  duration: checked(
    string({
      description: "with --role: how long it serves: 30m, 8h; at least 10m [default: 8h]",
      dependsOn: ["role"],
    }),
    isDuration,
  ),
};

interface AccessFlagValues {
  readonly role: string | undefined;
  readonly user: string | undefined;
  readonly namespace: string | undefined;
  readonly duration: string | undefined;
}

/** The flags as the job wants them; undefined when no such access is asked for. */
export function accessOf(
  where: ClusterName,
  { role, user, namespace, duration = "8h" }: AccessFlagValues,
): AccessRequest | undefined {
  if (role === undefined) return undefined;
  const seconds = Math.round(milliseconds("duration", duration) / 1000);
  return { ...where, role, user, namespace, seconds };
}
