import { join } from "node:path";
import { openBundle } from "#bootstrap/bundle/load";
import { recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { takeSnapshot, type Snapshot } from "#bootstrap/etcd/snapshot";
import { parseVersion, upgradeProblem } from "#bootstrap/kubeadm/version";
import { openPackages } from "#bootstrap/packages/registry";
import { createGate } from "#bootstrap/plans/gate";
import { upgradeNode } from "#bootstrap/plans/upgrade-node";
import type { DrainOptions } from "#bootstrap/pools/drain";
import { atCluster, type ClusterName, type LifeAround, type Place } from "#bootstrap/pools/place";
import { factsOf, withMachines } from "#bootstrap/pools/planes";
import type { ClusterSpec, PackageSource } from "#bootstrap/spec/cluster-spec";
import { wantedMachines } from "#bootstrap/spec/machines";
import { importImages } from "#bootstrap/steps/import-images";
import type { Facts, Node, PlanContext } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";
import { reportStep } from "#core/report";
import { nodes as nodeResource } from "#kube/resources";

export interface UpgradeRequest extends ClusterName {
  /** Absent: the newest that the packages have. */
  readonly kubernetesVersion?: string | undefined;
  /** Where the version comes from; absent: where the cluster's came from. */
  readonly source?: PackageSource | undefined;
  readonly drain: DrainOptions;
}

export interface UpgradedCluster {
  readonly from: string;
  readonly to: string;
  /** In the order in which they were upgraded; those that had the version are left out. */
  readonly nodes: readonly string[];
  /** Taken before the first change; absent when nothing was to be done. */
  readonly snapshot?: Snapshot;
}

/**
 * Brings a cluster to a newer patch version or the next minor one: etcd is saved, control planes go
 * first and one at a time, then the workers, each drained. A run that was killed is repeated: nodes
 * that have the version are passed over.
 */
export async function upgradeCluster(
  request: UpgradeRequest,
  around: LifeAround,
): Promise<UpgradedCluster> {
  return await atCluster(request, around, async (place) => {
    const context = await targetOf(place, request);
    const { kubernetesVersion: to } = context.spec;
    const from = place.spec.kubernetesVersion;
    const versions = await kubeletVersions(place);
    if (from === to && versions.every((one) => one === to)) return { from, to, nodes: [] };
    return await withMachines(place, "all", async (machines) => {
      refuseMissing(place, machines);
      const facts = await factsOf({ context }, machines);
      facts.hosts.forEach((host) => {
        context.packages.checkHost(host);
      });
      const stamp = new Date(around.clock.now()).toISOString().replace(/\W/g, "");
      const file = join(context.folder, "snapshots", `before-${to}-${stamp}.db`);
      const snapshot = await takeSnapshot(place, file);
      await bringImages(context, facts, machines);
      const { spec, record } = place;
      const { uid, created_at } = record;
      const known = { uid, created_at };
      await writeRecord(context.folder, recordOf(spec, { ...known, upgrading: to }, true));
      const nodes = await upgradeAll(place, context, facts, request.drain);
      await writeRecord(context.folder, recordOf(context.spec, known, true));
      return { from, to, nodes, snapshot };
    });
  });
}

/** The cluster as it is to be; everything that speaks against it is told before the first change. */
async function targetOf(place: Place, request: UpgradeRequest): Promise<PlanContext> {
  const source = request.source ?? place.spec.packages;
  const packages = await openPackages(source);
  const to = request.kubernetesVersion ?? packages.kubernetesVersion;
  const problem = upgradeProblem(place.spec.kubernetesVersion, to);
  if (problem !== undefined) {
    throw new ClouderError("refused", `${place.spec.name} cannot be upgraded: ${problem}`, {
      hint: "upgrade one minor version at a time, and never back",
    });
  }
  packages.check(to);
  await refuseWeakRuntime(place.spec, source);
  const spec = { ...place.spec, kubernetesVersion: to, packages: source };
  return { ...place.context, spec, packages };
}

/** Nodes that are proven today must be able to restore afterwards; each is proven again, too. */
async function refuseWeakRuntime(spec: ClusterSpec, source: PackageSource): Promise<void> {
  if (source.kind !== "bundle") return;
  const { versions } = (await openBundle(source.folder)).bundle;
  const weak =
    parseVersion(`${versions.containerd}.0`).major < 2
      ? `containerd ${versions.containerd}, which cannot checkpoint`
      : criuNumber(versions.criu) < 316
        ? `CRIU ${versions.criu}, which is older than 3.16`
        : undefined;
  const pools = spec.pools.filter(({ checkpoint }) => checkpoint).map(({ name }) => name);
  if (weak === undefined || pools.length === 0) return;
  throw new ClouderError(
    "refused",
    `the bundle has ${weak}; pods of ${pools.join(", ")} could not be restored`,
    {
      hint: "use a bundle with containerd 2 and CRIU 3.16 or newer (4.2 on kernels from 6.16 on)",
    },
  );
}

function criuNumber(version: string): number {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major * 100 + minor;
}

async function kubeletVersions({ kube, spec }: Place): Promise<readonly string[]> {
  const listed = await kube.list(nodeResource);
  return wantedMachines(spec).map(
    ({ name }) =>
      listed.find(({ metadata }) => metadata.name === name)?.status?.nodeInfo?.kubeletVersion ?? "",
  );
}

function refuseMissing({ spec }: Place, machines: readonly Node[]): void {
  const names = new Set(machines.map(({ machine }) => machine.name));
  const missing = wantedMachines(spec).filter(({ name }) => !names.has(name));
  if (missing.length === 0) return;
  throw new ClouderError("refused", `${missing.map(({ name }) => name).join(", ")} does not run`, {
    hint: `bring it back first: kubectl clouder cluster create ${spec.name}`,
  });
}

/** On all nodes before the first upgrade: the new kube-proxy comes everywhere at once. */
async function bringImages(
  context: PlanContext,
  facts: Partial<Facts>,
  machines: readonly Node[],
): Promise<void> {
  const gate = createGate(3);
  await Promise.all(
    machines.map((node) =>
      gate(() =>
        reportStep(
          context.report,
          { step: "import-images", title: "bring images", host: node.machine.name },
          async () => {
            if (importImages.scope === "node") await importImages.run(context, facts, node);
          },
        ),
      ),
    ),
  );
}

/** The plane that leads is the first one, which `kubeadm upgrade apply` is for. */
async function upgradeAll(
  place: Place,
  context: PlanContext,
  facts: Partial<Facts>,
  drain: DrainOptions,
): Promise<readonly string[]> {
  const done: string[] = [];
  const order = facts.nodes ?? [];
  for (const [index, node] of order.entries()) {
    const command = index === 0 ? ["apply", "--yes"] : ["node"];
    if (await upgradeNode({ place, context, facts, node, command, drain })) {
      done.push(node.machine.name);
    }
  }
  return done;
}
