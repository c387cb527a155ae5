import { readFile } from "node:fs/promises";
import { findRecord, kubeconfigPath } from "#bootstrap/cluster-folder";
import { mergeKubeconfig } from "#bootstrap/merge-kubeconfig";
import { ClouderError } from "#core/error";

/** The cluster's own kubeconfig; `not-found` when the cluster has not come that far. */
export async function readKubeconfig(
  home: string,
  name: string,
): Promise<{ readonly path: string; readonly context: string; readonly text: string }> {
  await findRecord(home, name);
  const path = kubeconfigPath(home, name);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new ClouderError("not-found", `the cluster "${name}" has no kubeconfig yet`, {
      hint: `complete it: kubectl clouder kubeadm setup ${name}`,
      cause: error,
    });
  });
  return { path, context: name, text };
}

/** Merges a cluster into the user's kubeconfig and makes it the current context. */
export async function mergeCluster(
  home: string,
  name: string,
  target: string,
): Promise<{ readonly context: string; readonly kubeconfig: string }> {
  const { uid } = await findRecord(home, name);
  const { text } = await readKubeconfig(home, name);
  await mergeKubeconfig(target, text, uid);
  return { context: name, kubeconfig: target };
}
