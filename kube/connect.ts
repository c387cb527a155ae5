import { ClouderError } from "#core/error";
import type { Kube } from "#kube/kube";
import { openInCluster } from "#kube/in-cluster";
import { createKube, type KubeOptions } from "#kube/rest";

export interface KubeconfigSettings extends KubeOptions {
  /** A file, or several in KUBECONFIG's form; absent: KUBECONFIG, then ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  /** Absent: the file's current one. */
  readonly context?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Connects as the user of a kubeconfig; `config` says what is wrong with the file. */
export async function connectKube(settings: KubeconfigSettings = {}): Promise<Kube> {
  const { openKubeconfig } = await import("#kube/client");
  return createKube(openKubeconfig(settings), settings);
}

/** The contexts of the merged kubeconfig files. */
export async function listContexts(kubeconfig: string | undefined): Promise<readonly string[]> {
  const { contextNames } = await import("#kube/client");
  return contextNames(kubeconfig);
}

/** Connects as the ServiceAccount of the pod whose environment is given. */
export async function connectInCluster(
  environment: Environment,
  options: KubeOptions = {},
): Promise<Kube> {
  const host = environment["KUBERNETES_SERVICE_HOST"];
  const port = environment["KUBERNETES_SERVICE_PORT"];
  if (!host || !port) {
    throw new ClouderError(
      "config",
      "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
      {
        hint: "this program runs in a pod; outside of one use kubectl clouder",
      },
    );
  }
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  return createKube(await openInCluster({ host, port, folder }), options);
}
