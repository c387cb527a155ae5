import { removeMember } from "#bootstrap/kubeadm/etcd";
import { controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import { succeeds } from "#bootstrap/nodes/remote-file";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import { createGate, type Gate } from "#bootstrap/plans/gate";
import { foreignCluster } from "#bootstrap/steps/init";
import { isMember, kubeadmJoin, leftovers } from "#bootstrap/steps/join";
import type { Facts, Node, PlanContext, Step } from "#bootstrap/steps/step";
import { hasCode } from "#core/error";

/** etcd takes one learner at a time: the control planes of a run join in turn. */
const turns = new WeakMap<PlanContext, Gate>();

/** Further control planes, each with a member of etcd; all were prepared at the same time. */
export const joinControlPlane: Step = {
  id: "join-control-plane",
  title: "join as a control plane, in turn",
  scope: "node",
  on: "control-plane",
  needs: ["nodes", "settings", "endpoint", "plane", "joining"],
  gives: [],
  preview: ({ spec }) =>
    spec.controlPlane.count === 1
      ? ["nothing: there is one control plane"]
      : ["kubeadm join --config FILE (0600, removed afterwards), one control plane after another"],
  run: async (context, facts, node) => {
    if (node.machine.name === facts.plane?.machine.name) return { skipped: "leads the cluster" };
    const stamp = await readStamp(node.access, "cluster");
    const touched = await leftovers(node.access);
    if (touched && stamp["uid"] !== context.uid) throw foreignCluster(node.machine.name);
    if (touched && stamp["state"] === "ready") {
      if (await isMember(controlPlane(facts), node.machine.name)) {
        return { skipped: "is a control plane already" };
      }
      await node.access.run(["systemctl", "restart", "kubelet"]);
      return {};
    }
    const gate = turns.get(context) ?? createGate(1);
    turns.set(context, gate);
    await gate(() => joinInTurn(context, facts, node));
    return {};
  },
};

/** A learner that etcd would not promote in time is the one failure that another attempt cures. */
async function joinInTurn(context: PlanContext, facts: Partial<Facts>, node: Node): Promise<void> {
  await forgetAttempt(context, facts, node);
  try {
    await kubeadmJoin(context, facts, node);
  } catch (error) {
    if (!hasCode(error, "remote-command") || !/etcd|learner/i.test(error.message)) throw error;
    const message = `tries once more: ${error.message}`;
    context.report({ type: "note", level: "warn", host: node.machine.name, message });
    await forgetAttempt(context, facts, node);
    await kubeadmJoin(context, facts, node);
  }
}

/** A member or node of that name was lost with its machine, or is left of an attempt of ours. */
async function forgetAttempt(
  context: PlanContext,
  facts: Partial<Facts>,
  { machine, access }: Node,
): Promise<void> {
  const plane = controlPlane(facts);
  await writeStamp(access, "cluster", { uid: context.uid, state: "starting" });
  if (
    (await leftovers(access)) ||
    (await succeeds(access, ["test", "-e", "/var/lib/etcd/member"]))
  ) {
    await access.run(["kubeadm", "reset", "--force", "--skip-phases=remove-etcd-member"]);
    await access.run(["rm", "-rf", "/var/lib/etcd/member"]);
  }
  await removeMember(plane, machine);
  await kubectl(plane, ["delete", "node", machine.name, "--ignore-not-found"]);
}
