import { checkpoints, checkpointStores } from "#checkpoint/api/types";
import { connectKube, listContexts } from "#kube/connect";
import type { Kube, Resource } from "#kube/kube";
import { namespaces, nodes, pods } from "#kube/resources";
import type { Lookup, NameKind } from "#plugin/cli/completions";

/** Somebody waits at a prompt: later is too late. */
const patienceMs = 3000;

/** Names of the cluster for completion. */
export async function clusterNames(kind: NameKind, lookup: Lookup): Promise<readonly string[]> {
  const { kubeconfig, context } = lookup;
  if (kind === "contexts") return listContexts(kubeconfig);
  const kube = await connectKube({ kubeconfig, context, requestTimeoutMs: patienceMs });
  const namespace = lookup.namespace ?? kube.namespace;
  switch (kind) {
    case "pods":
      return named(kube, pods, namespace);
    case "checkpoints":
      return (await named(kube, checkpoints, namespace)).toReversed();
    case "namespaces":
      return named(kube, namespaces);
    case "nodes":
      return named(kube, nodes);
    case "stores":
      return named(kube, checkpointStores);
    case "containers": {
      if (lookup.pod === undefined) return [];
      const pod = await kube.get(pods, { name: lookup.pod, namespace });
      return pod.spec.containers.map(({ name }) => name);
    }
  }
}

async function named(kube: Kube, resource: Resource, namespace?: string): Promise<string[]> {
  const found = await kube.list(resource, { namespace });
  return found.map(({ metadata }) => metadata.name);
}
