import { existsSync } from "node:fs";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type RequestOptions } from "node:https";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { KubeConfig, type Cluster, type User } from "@kubernetes/client-node";
import { ClouderError, messageOf } from "#core/error";
import type { Transport } from "#kube/transport";

/** The only importer of client-node: kubeconfig files, exec plugins, OIDC, proxies. */

export interface KubeconfigLocation {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/** Opens the wanted (or current) context of the merged kubeconfig files. */
export function openKubeconfig(location: KubeconfigLocation): Transport {
  const config = readFiles(filesOf(location.kubeconfig), location.kubeconfig !== undefined);
  const name = location.context ?? config.currentContext;
  if (!name) {
    throw new ClouderError("config", "the kubeconfig has no current context", {
      hint: "choose one: kubectl config use-context NAME, or --context NAME",
    });
  }
  const context = config.contexts.find((candidate) => candidate.name === name);
  if (!context) {
    throw new ClouderError("config", `there is no context "${name}" in the kubeconfig`, {
      hint: `use one of: ${config.contexts.map((candidate) => candidate.name).join(", ")}`,
    });
  }
  const cluster = config.clusters.find((candidate) => candidate.name === context.cluster);
  if (!cluster) {
    throw new ClouderError(
      "config",
      `context "${name}" names the cluster "${context.cluster}", which is not in the kubeconfig`,
    );
  }
  config.setCurrentContext(name);
  tellExecPlugin(config.getCurrentUser(), cluster);
  return {
    server: cluster.server.replace(/\/+$/, ""),
    context: name,
    namespace: context.namespace ?? "default",
    options: requestOptions(config, cluster),
  };
}

/** The contexts one may choose from, for completion. */
export function contextNames(kubeconfig: string | undefined): readonly string[] {
  return readFiles(filesOf(kubeconfig), kubeconfig !== undefined).contexts.map(({ name }) => name);
}

function filesOf(given: string | undefined): string[] {
  const variable = given ?? process.env["KUBECONFIG"] ?? "";
  const files = variable.split(delimiter).filter((file) => file !== "");
  return files.length > 0 ? files : [join(homedir(), ".kube", "config")];
}

/** kubectl's rules: missing files are skipped, the first one to name something wins. */
function readFiles(files: readonly string[], explicit: boolean): KubeConfig {
  const merged = new KubeConfig();
  let found = 0;
  for (const file of files) {
    if (!existsSync(file)) continue;
    found += 1;
    const one = new KubeConfig();
    try {
      one.loadFromFile(file);
    } catch (error) {
      throw new ClouderError("config", `the kubeconfig ${file} is not valid: ${messageOf(error)}`, {
        cause: error,
      });
    }
    const added = <T extends { readonly name: string }>(present: T[], more: T[]) => [
      ...present,
      ...more.filter((item) => !present.some((other) => other.name === item.name)),
    ];
    merged.clusters = added(merged.clusters, one.clusters);
    merged.users = added(merged.users, one.users);
    merged.contexts = added(merged.contexts, one.contexts);
    if (!merged.currentContext) merged.currentContext = one.currentContext;
  }
  if (found === 0) {
    throw new ClouderError("config", `there is no kubeconfig at ${files.join(delimiter)}`, {
      hint: explicit
        ? "check the path given by --kubeconfig"
        : "get one from your cluster (kubectl clouder cluster kubeconfig NAME), or name it by --kubeconfig or KUBECONFIG",
    });
  }
  return merged;
}

/** client-go tells plugins which cluster and which version of the answer are wanted; client-node does not. */
function tellExecPlugin(user: User | null, cluster: Cluster): void {
  const exec = user?.exec as
    | { apiVersion?: string; env?: { name: string; value: string }[]; provideClusterInfo?: boolean }
    | undefined;
  if (!exec) return;
  const spec: Record<string, unknown> = { interactive: false };
  if (exec.provideClusterInfo) {
    spec["cluster"] = {
      server: cluster.server,
      "certificate-authority-data": cluster.caData,
      "insecure-skip-tls-verify": cluster.skipTLSVerify,
    };
  }
  const value = JSON.stringify({ apiVersion: exec.apiVersion, kind: "ExecCredential", spec });
  exec.env = [...(exec.env ?? []), { name: "KUBERNETES_EXEC_INFO", value }];
}

function requestOptions(config: KubeConfig, cluster: Cluster): () => Promise<RequestOptions> {
  let agent: HttpAgent | HttpsAgent | undefined;
  let fingerprint = "";
  return async () => {
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new ClouderError(
        "unauthenticated",
        `no credentials for ${cluster.server}: ${messageOf(error)}`,
        {
          cause: error,
          hint: "the login helper or a file named in the kubeconfig failed; run kubectl get pods to see whether it works there",
        },
      );
    }
    if (cluster.proxyUrl !== undefined) return options;
    // client-node's agents close each connection; ours stay open, and change with the client certificate.
    const { ca, cert, key, rejectUnauthorized, servername } = options;
    const now = [ca, cert, key].map(String).join("\n");
    if (!agent || fingerprint !== now) {
      fingerprint = now;
      const alive = { keepAlive: true, keepAliveMsecs: 30_000, timeout: 60_000 };
      agent = cluster.server.startsWith("http:")
        ? new HttpAgent(alive)
        : new HttpsAgent({ ...alive, ca, cert, key, rejectUnauthorized, servername });
    }
    return { ...options, agent };
  };
}
