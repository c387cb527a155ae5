import { initFile } from "#bootstrap/kubeadm/documents";
import { runKubeadm } from "#bootstrap/kubeadm/kubeadm";
import { kubectl } from "#bootstrap/kubeadm/kubectl";
import { newToken } from "#bootstrap/kubeadm/token";
import { succeeds } from "#bootstrap/nodes/remote-file";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import { waitForApi } from "#bootstrap/kubeadm/wait-for-api";
import { adminKubeconfig } from "#bootstrap/kubeadm/kubeconfig";
import type { Facts, Node, PlanContext, Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** The first control plane. Where another one is part of the cluster already, it leads. */
export const init: Step = {
  id: "init",
  title: "start the control plane",
  scope: "cluster",
  needs: ["nodes", "settings", "endpoint"],
  gives: ["kubeconfig", "plane"],
  after: ["import-images", "kubelet", "criu", "share-address", "load-balancer"],
  preview: ({ spec }) => [
    `kubeadm config validate, kubeadm init on ${spec.name}-master (file 0600, removed afterwards)`,
    "delete the bootstrap token; remove /etc/kubernetes/super-admin.conf",
  ],
  run: async (context, facts) => {
    const planes = (facts.nodes ?? []).filter(({ machine }) => machine.role === "control-plane");
    const [first] = planes;
    if (!first) throw new ClouderError("internal", "a cluster without a control plane");
    const leader = await memberAmong(context, planes);
    // An empty first machine beside a cluster that lives is a replacement: it joins that cluster.
    if (!leader) await startControlPlane(context, facts, first);
    const plane = leader ?? first;
    await waitForApi(context, plane.access);
    const kubeconfig = await adminKubeconfig(context, { ...facts, plane });
    return { facts: { kubeconfig, plane }, ...(leader && { skipped: "runs already" }) };
  },
};

/** A control plane that is part of this cluster; refuses machines of other clusters. */
async function memberAmong(
  context: PlanContext,
  planes: readonly Node[],
): Promise<Node | undefined> {
  const found = await Promise.all(
    planes.map(async (node) => ((await isPlane(context, node)) ? [node] : [])),
  );
  return found.flat()[0];
}

async function isPlane(context: PlanContext, { access }: Node): Promise<boolean> {
  const stamp = await readStamp(access, "cluster");
  const present = await succeeds(access, ["test", "-e", "/etc/kubernetes/admin.conf"]);
  const touched = present || (await succeeds(access, ["test", "-e", "/etc/kubernetes/pki/ca.key"]));
  if (touched && stamp["uid"] !== context.uid) throw foreignCluster(access.host);
  return present && stamp["state"] === "ready";
}

/**
 * kubeadm init is run again over a part of itself, never after a reset: certificates and etcd's
 * data stay. A stamp written before it starts tells our own attempt from somebody else's cluster.
 */
async function startControlPlane(
  context: PlanContext,
  { settings, endpoint }: Partial<Facts>,
  { machine, access }: Node,
): Promise<void> {
  if (!settings || !endpoint) throw new ClouderError("internal", "init without settings");
  const again = await succeeds(access, ["test", "-e", "/etc/kubernetes/pki/ca.key"]);
  await writeStamp(access, "cluster", { uid: context.uid, state: "starting" });
  const token = newToken();
  await runKubeadm(context, access, {
    command: ["init", "--skip-token-print"],
    file: initFile(context.spec, {
      ...{ machine, endpoint, token },
      settings: again ? { ...settings, ignorePreflightErrors: ["all"] } : settings,
    }),
    secrets: [token],
  });
  await kubectl(access, [
    ...["-n", "kube-system", "delete", "secret", "--ignore-not-found"],
    `bootstrap-token-${token.split(".")[0] ?? ""}`,
  ]);
  await access.run(["rm", "-f", "/etc/kubernetes/super-admin.conf"]);
  await writeStamp(access, "cluster", { uid: context.uid, state: "ready" });
}

/** The error of a machine that belongs to another cluster. */
export function foreignCluster(host: string): ClouderError {
  return new ClouderError("exists", `${host} is part of another cluster`, {
    hint: `use another machine, or take it out of that cluster first (kubeadm reset on ${host})`,
  });
}
