import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "#core/clock";
import { ClouderError } from "#core/error";
import { connectInCluster, connectKube } from "#kube/connect";
import { nodePaths, systemNamespace } from "#checkpoint/api/names";
import { httpsKubelet } from "#checkpoint/engine/kubelet-https";
import { openStore } from "#checkpoint/stores/open-store";
import { serveHealth } from "#checkpoint/agent/health";
import { installHandler, isHandlerInstalled } from "#checkpoint/agent/install-handler";
import { errorFields, jsonLog } from "#checkpoint/agent/log";
import { countNotices } from "#checkpoint/agent/preemption/count-notices";
import { markNode } from "#checkpoint/agent/preemption/mark-node";
import type { NoticeHook } from "#checkpoint/agent/preemption/notice";
import { metadataAt, metadataEndpoint } from "#checkpoint/agent/preemption/metadata";
import { watchPreemption, type Preemption } from "#checkpoint/agent/preemption/watch-preemption";
import { factsSource, writableStoreFolders } from "#checkpoint/agent/publish-facts";
import { probeKubelet } from "#checkpoint/agent/probe-kubelet";
import { required, runAgent } from "#checkpoint/agent/run-agent";

/** Entry `clouder-agent`: one on each node. */

const environment = process.env;

const log = jsonLog((line) => process.stdout.write(line), Date.now);

async function main(): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log("info", "stopping", { signal });
      stop.abort(new ClouderError("cancelled", "the agent is being stopped"));
    });
  }
  const nodeName = required(environment, "NODE_NAME");
  const root = packageRoot();
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly version: string;
  };
  let ready = false;
  const notices = countNotices();
  // Disposed on failure too: a program that only answers its probes would never be restarted.
  await using health = await serveHealth(
    Number(environment["CLOUDER_HEALTH_PORT"] ?? "8082"),
    () => ready,
    notices.metrics,
  );
  const handler = {
    root: environment["CLOUDER_INSTALL_ROOT"] ?? nodePaths.install,
    shim: join(root, "checkpoint/handler/clouder-runc"),
    node: process.execPath,
    restoreHelper: join(root, "dist/restore-helper.mjs"),
  };
  const installed = await installHandler(handler);
  const kubeconfig = environment["KUBECONFIG"];
  const kube = await (kubeconfig ? connectKube({ kubeconfig }) : connectInCluster(environment));
  log("info", "started", {
    node: nodeName,
    version,
    server: kube.server,
    installed,
    healthPort: health.port,
  });
  const account = environment["CLOUDER_ACCOUNT"] ?? "/var/run/secrets/kubernetes.io/serviceaccount";
  const host = environment["CLOUDER_HOST_ROOT"] ?? "/host";
  const calls = join(nodePaths.state, "calls");
  const cgroups = join(host, "cgroup");
  const trusts = environment["CLOUDER_KUBELET_CERTIFICATE"] ?? "auto";
  const kubelet = httpsKubelet({
    host: required(environment, "HOST_IP"),
    tokenFile: join(account, "token"),
    ...(trusts === "pinned" ? {} : { clusterCaFile: join(account, "ca.crt") }),
    ...(trusts === "cluster-ca"
      ? {}
      : { servingCertificateFile: "/var/lib/kubelet/pki/kubelet.crt" }),
  });
  const view = {
    usr: join(host, "usr"),
    criuConfig: join(host, "etc/criu"),
    cgroups,
    archives: nodePaths.kubeletCheckpoints,
    spool: nodePaths.spool,
    containerdTmp: nodePaths.containerdTmp,
    cpuinfo: "/proc/cpuinfo",
    handlerInstalled: () => isHandlerInstalled(handler),
    storeFolders: () => writableStoreFolders(kube),
    kubeletProblem: () => probeKubelet(kubelet),
  };
  const watched = watchNotices({ kube, nodeName, stopping: stop.signal }, notices);
  await runAgent({
    kube,
    kubelet,
    clock: systemClock,
    log,
    nodeName,
    systemNamespace: environment["POD_NAMESPACE"] ?? systemNamespace,
    openStore,
    facts: factsSource({ kube, clock: systemClock, nodeName }, view, version),
    folders: {
      archives: { onNode: nodePaths.kubeletCheckpoints, here: nodePaths.kubeletCheckpoints },
      spool: nodePaths.spool,
      calls,
      restores: nodePaths.restores,
      cgroups,
    },
    onReady: () => {
      ready = true;
    },
    stopping: stop.signal,
  });
  await watched;
  log("info", "stopped");
}

/** Where install was told to; else agents are not in their nodes' network, which this takes. */
async function watchNotices(
  around: Pick<Preemption, "kube" | "nodeName" | "stopping">,
  counted: NoticeHook,
): Promise<void> {
  if (environment["CLOUDER_PREEMPTION"] !== "watch") return;
  const all = { ...around, log, clock: systemClock };
  await watchPreemption({
    ...all,
    ask: metadataAt(environment["CLOUDER_METADATA_ENDPOINT"] ?? metadataEndpoint),
    hooks: [markNode(all), counted],
  });
}

/** The package as it is in the image and in a checkout: the folder with package.json above this file. */
function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json")) && folder !== "/") folder = dirname(folder);
  return folder;
}

main().catch((error: unknown) => {
  log("error", "ended", errorFields(error));
  process.exitCode = 1;
});
