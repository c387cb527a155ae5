import type { Pod } from "#kube/resources";

/** What of a pod's volumes does not travel with its checkpoint; only their mounts are made again. */
export function volumeHints(spec: Pick<Pod["spec"], "volumes">): readonly string[] {
  const named = (kind: string) =>
    (spec.volumes ?? []).filter((volume) => kind in volume).map(({ name }) => name);
  const hints: string[] = [];
  const empty = named("emptyDir");
  if (empty.length > 0) {
    hints.push(`the contents of emptyDir volumes do not travel: ${empty.join(", ")}`);
  }
  const host = named("hostPath");
  if (host.length > 0) {
    hints.push(`hostPath volumes show the new node's files: ${host.join(", ")}`);
  }
  const claims = named("persistentVolumeClaim");
  if (claims.length > 0) {
    hints.push(`claims are attached again as they are then, not captured: ${claims.join(", ")}`);
  }
  return hints;
}
