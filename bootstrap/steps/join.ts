import { joinFile } from "#bootstrap/kubeadm/documents";
import { runKubeadm } from "#bootstrap/kubeadm/kubeadm";
import { controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import { foreignCluster } from "#bootstrap/steps/init";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { succeeds } from "#bootstrap/nodes/remote-file";
import type { Facts, Node, PlanContext, Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/** Workers become nodes. */
export const join: Step = {
  id: "join",
  title: "join the cluster",
  scope: "node",
  on: "workers",
  needs: ["nodes", "settings", "endpoint", "joining"],
  gives: [],
  after: ["import-images", "kubelet", "criu", "init"],
  preview: () => ["kubeadm join --config FILE (0600, removed afterwards)"],
  run: async (context, facts, node) => {
    const { access, machine } = node;
    const stamp = await readStamp(access, "cluster");
    const touched = await succeeds(access, ["test", "-e", "/etc/kubernetes/kubelet.conf"]);
    if (touched && stamp["uid"] !== context.uid) throw foreignCluster(machine.name);
    if (touched && (await isMember(controlPlane(facts), machine.name))) {
      return { skipped: "is a node already" };
    }
    if (touched && stamp["state"] === "ready") {
      // It has joined and is never reset: its kubelet registers it, anew when somebody deleted it.
      await access.run(["systemctl", "restart", "kubelet"]);
      return {};
    }
    await writeStamp(access, "cluster", { uid: context.uid, state: "starting" });
    // Not a node of any cluster yet: what is there was left by an attempt of ours.
    if (await leftovers(access)) await access.run(["kubeadm", "reset", "--force"]);
    await kubeadmJoin(context, facts, node);
    return {};
  },
};

/** Runs kubeadm join on a machine that is no node and writes the stamp of one. */
export async function kubeadmJoin(
  context: PlanContext,
  { joining, settings, endpoint }: Partial<Facts>,
  { machine, access }: Node,
): Promise<void> {
  if (!joining || !settings || !endpoint) {
    throw new ClouderError("internal", "join without a token");
  }
  await runKubeadm(context, access, {
    command: ["join"],
    file: joinFile(context.spec, { machine, settings, endpoint, joining }),
    secrets: [joining.token, ...(joining.certificateKey ? [joining.certificateKey] : [])],
  });
  await writeStamp(access, "cluster", { uid: context.uid, state: "ready" });
}

/** True when the cluster has a node of this name. */
export async function isMember(plane: NodeAccess, name: string): Promise<boolean> {
  const found = await kubectl(plane, ["get", "node", name, "--ignore-not-found", "-o", "name"]);
  return found.trim() !== "";
}

/** True where a kubeadm join has begun. */
export async function leftovers(access: NodeAccess): Promise<boolean> {
  return await succeeds(access, [
    "sh",
    "-c",
    "test -e /etc/kubernetes/kubelet.conf || test -e /etc/kubernetes/pki/ca.crt || test -e /etc/kubernetes/bootstrap-kubelet.conf",
  ]);
}
