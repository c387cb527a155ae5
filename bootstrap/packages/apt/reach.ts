import type { NodeAccess } from "#bootstrap/nodes/node-access";
import type { HostFacts } from "#bootstrap/nodes/host-facts";
import { readStamp } from "#bootstrap/nodes/stamp";
import { fetched } from "#bootstrap/packages/apt/add-repository";
import { repositoriesFor, type Origin } from "#bootstrap/packages/apt/repositories";
import type { PlanContext } from "#bootstrap/steps/step";
import { ClouderError, hasCode } from "#core/error";

/**
 * `unreachable` where a machine that has no packages yet does not reach the repositories, by the
 * means and proxies of its apt. Changes nothing there; what else is wrong with a repository is told
 * by who adds it, once the machine trusts what it is to trust.
 */
export async function refuseUnreached(
  origin: Origin,
  context: PlanContext,
  access: NodeAccess,
  host: HostFacts,
): Promise<void> {
  // A cluster that runs needs nobody: a create that finds nothing to do asks no repository.
  if ((await readStamp(access, "installed"))["wanted"] !== undefined) return;
  const repositories = repositoriesFor(origin, host, context.spec.kubernetesVersion);
  const tries = await Promise.allSettled(
    repositories.map(({ keyUrl }) => fetched({ context, access }, keyUrl)),
  );
  const failures = tries.flatMap((one) =>
    one.status === "rejected" && hasCode(one.reason, "unreachable") ? [one.reason] : [],
  );
  const [first] = failures;
  if (!first) return;
  throw new ClouderError("unreachable", failures.map(({ message }) => message).join("; "), {
    ...(first.hint !== undefined && { hint: first.hint }),
    retryable: true,
    cause: first,
  });
}
