import type { GivenAccess } from "#bootstrap/access-kubeconfig";
import type { Result } from "#plugin/output/result";

/** `cluster kubeconfig --role`: where the file is and how long it serves; never what is in it. */
export function accessResult(given: GivenAccess): Result {
  const { path, user, role, namespace, expires } = given;
  const where = namespace === undefined ? "all namespaces" : `namespace ${namespace}`;
  return {
    object: given,
    text: [
      `# ${user} has the role ${role} in ${where} until ${expires}; to end it before:`,
      `# kubectl delete serviceaccount -n clouder-access ${user}`,
      `export KUBECONFIG=${path}`,
    ].join("\n"),
  };
}
