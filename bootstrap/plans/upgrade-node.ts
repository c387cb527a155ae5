import { runKubeadm } from "#bootstrap/kubeadm/kubeadm";
import { upgradeFile } from "#bootstrap/kubeadm/documents";
import { compareVersions } from "#bootstrap/kubeadm/version";
import { waitForApi } from "#bootstrap/kubeadm/wait-for-api";
import { drainNode, type DrainOptions } from "#bootstrap/pools/drain";
import type { Place } from "#bootstrap/pools/place";
import { containerd } from "#bootstrap/steps/containerd";
import { installPackages } from "#bootstrap/steps/install-packages";
import { kubelet } from "#bootstrap/steps/kubelet";
import { prove } from "#bootstrap/steps/prove";
import type { Facts, Node, PlanContext, Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";
import { reportStep } from "#core/report";
import { waitFor } from "#core/retry";
import { nodes } from "#kube/resources";

/** A node that we cordoned, and not somebody else: a run that was killed lets pods in again. */
const mark = "clouder.datalayer.io/upgrading";

export interface NodeUpgrade {
  readonly place: Place;
  /** With the wanted version and the packages that have it. */
  readonly context: PlanContext;
  readonly facts: Partial<Facts>;
  readonly node: Node;
  /** `apply` on the first control plane, `node` on the others. */
  readonly command: readonly string[];
  readonly drain: DrainOptions;
}

/**
 * Brings one node to the version: drained first, then packages, the control plane's pods, the
 * kubelet last, so that it is never newer than its API server. True when anything was to be done.
 */
export async function upgradeNode(upgrade: NodeUpgrade): Promise<boolean> {
  const { place, context, node } = upgrade;
  const { name } = node.machine;
  const object = await place.kube.get(nodes, { name });
  const running = object.status?.nodeInfo?.kubeletVersion ?? "";
  const marked = object.metadata.annotations?.[mark] !== undefined;
  const ready = compareVersions(running, context.spec.kubernetesVersion) >= 0;
  if (ready && !marked) return false;
  const step = <T>(id: string, title: string, work: () => Promise<T>) =>
    reportStep(place.around.report, { step: id, title, host: name }, work);
  if (!marked && object.spec.unschedulable !== true) {
    await place.kube.patch(nodes, { name }, { metadata: { annotations: { [mark]: running } } });
  }
  if (!ready) {
    await step("drain", "evict its pods", () =>
      drainNode(place.kube, name, upgrade.drain, place.around),
    );
    await step("upgrade", "upgrade its software", () => upgradeSoftware(upgrade));
  }
  await step("return", "wait until it is ready, and let pods in", () => comeBack(upgrade));
  return true;
}

async function upgradeSoftware({ context, facts, node, command }: NodeUpgrade): Promise<void> {
  for (const one of [installPackages, containerd, kubelet]) await onNode(one, context, facts, node);
  const { settings } = facts;
  if (!settings) throw new ClouderError("internal", "an upgrade without settings");
  await runKubeadm(context, node.access, {
    command: ["upgrade", ...command],
    file: upgradeFile(context.spec, settings),
    secrets: [],
  });
  if (node.machine.role === "control-plane") await waitForApi(context, node.access, node.machine);
  await node.access.run(["systemctl", "daemon-reload"]);
  await node.access.run(["systemctl", "restart", "kubelet"]);
}

async function comeBack({ place, context, facts, node }: NodeUpgrade): Promise<void> {
  const { name } = node.machine;
  const wanted = context.spec.kubernetesVersion;
  await waitFor(
    `that ${name} is ready with ${wanted}`,
    {
      ...{ timeoutMs: 300_000, everyMs: 1000, clock: context.clock, signal: context.signal },
      hint: `on ${name}: journalctl -u kubelet; then run the upgrade again`,
    },
    async () => {
      const { status } = await place.kube.get(nodes, { name });
      const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
      return ready && status.nodeInfo?.kubeletVersion === wanted ? true : undefined;
    },
  );
  // A runtime that cannot restore gets no pods back: the node stays cordoned, and the upgrade ends.
  await onNode(prove, context, facts, node);
  const { metadata } = await place.kube.get(nodes, { name });
  if (metadata.annotations?.[mark] === undefined) return;
  await place.kube.patch(
    nodes,
    { name },
    { metadata: { annotations: { [mark]: null } }, spec: { unschedulable: null } },
  );
}

async function onNode(
  step: Step,
  context: PlanContext,
  facts: Partial<Facts>,
  node: Node,
): Promise<void> {
  if (step.scope !== "node") throw new ClouderError("internal", `${step.id} is not for a node`);
  await step.run(context, facts, node);
}
