import { stat } from "node:fs/promises";
import { snapshotStatus, type SnapshotStatus } from "#bootstrap/etcd/snapshot";
import { etcdTool, keptManifests } from "#bootstrap/kubeadm/etcd";
import { waitForApi } from "#bootstrap/kubeadm/wait-for-api";
import { succeeds } from "#bootstrap/nodes/remote-file";
import { atCluster, type ClusterName, type LifeAround } from "#bootstrap/pools/place";
import { withMachines } from "#bootstrap/pools/planes";
import type { Node, PlanContext } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";
import { reportStep } from "#core/report";
import { waitFor } from "#core/retry";

export interface RestoredEtcd extends SnapshotStatus {
  readonly file: string;
  readonly members: readonly string[];
  /** Folder on each control plane with the data that was there before. */
  readonly kept: string;
}

const uploaded = "/var/lib/clouder/bootstrap/restore.db";

/**
 * Brings etcd back to a snapshot, on all control planes at once: the API servers stop, every member
 * begins anew from the same file, and what was there before is kept beside it.
 */
export async function restoreEtcd(
  request: ClusterName & { readonly file: string },
  around: LifeAround,
): Promise<RestoredEtcd> {
  const { file } = request;
  if (!(await stat(file).catch(() => undefined))?.isFile()) {
    throw new ClouderError("not-found", `there is no file ${file}`, {
      hint: "give a file that kubectl clouder etcd snapshot wrote",
    });
  }
  return await atCluster(request, around, (place) =>
    withMachines(place, "control-plane", async (planes) => {
      const { spec, context } = place;
      if (planes.length < spec.controlPlane.count) {
        throw new ClouderError(
          "refused",
          `${planes.length} of ${spec.controlPlane.count} control planes run`,
          { hint: `bring all back first: kubectl clouder cluster create ${spec.name}` },
        );
      }
      const kept = `/var/lib/etcd.before-${new Date(around.clock.now()).toISOString().replace(/\W/g, "")}`;
      const step = <T>(id: string, title: string, work: (node: Node) => Promise<T>) =>
        Promise.all(
          planes.map((node) =>
            reportStep(around.report, { step: id, title, host: node.machine.name }, () =>
              work(node),
            ),
          ),
        );
      const [status] = await step("upload", "bring the snapshot and verify it", async (node) => {
        await node.access.upload(file, uploaded, { mode: 0o600 });
        return await snapshotStatus(node.access, uploaded);
      });
      await step("stop", "stop etcd and the API server", (node) => stop(context, node));
      await step("restore", "restore etcd", (node) => begin(node, planes, kept));
      await step("start", "start etcd and the API server", ({ access }) =>
        access.run(["sh", "-ec", startScript, "sh", keptManifests]),
      );
      const [first] = planes;
      if (!first || !status) throw new ClouderError("internal", "a restore without control planes");
      await waitForApi(context, first.access);
      return { file, ...status, kept, members: planes.map(({ machine }) => machine.name) };
    }),
  );
}

const stopScript = `
install -d -m 0700 "$1"
for name in kube-apiserver kube-controller-manager kube-scheduler etcd; do
  if [ -e "/etc/kubernetes/manifests/$name.yaml" ]; then mv "/etc/kubernetes/manifests/$name.yaml" "$1/"; fi
done
`;

/** The file that the kubelet watches is there again in one rename. */
const startScript = `
for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
  if [ -e "$1/$name.yaml" ]; then mv "$1/$name.yaml" /etc/kubernetes/manifests/; fi
done
rmdir "$1"
rm -f ${uploaded}
`;

async function stop(context: PlanContext, { machine, access }: Node): Promise<void> {
  await access.run(["sh", "-ec", stopScript, "sh", keptManifests]);
  await waitFor(
    `that etcd of ${machine.name} stops`,
    {
      ...{ timeoutMs: 180_000, everyMs: 1000, clock: context.clock, signal: context.signal },
      hint: `on ${machine.name}: journalctl -u kubelet; the manifests lie in ${keptManifests}`,
    },
    async () =>
      (await succeeds(access, ["sh", "-c", "! pgrep -x etcd && ! pgrep -x kube-apiserver"]))
        ? true
        : undefined,
  );
}

const beginScript = `
kept=$1; shift
rm -rf /var/lib/etcd.new
"$@"
install -d -m 0700 "$kept"
[ ! -e /var/lib/etcd/member ] || mv /var/lib/etcd/member "$kept/"
mkdir -p /var/lib/etcd
mv /var/lib/etcd.new/member /var/lib/etcd/
rm -rf /var/lib/etcd.new
`;

async function begin(
  { machine, access }: Node,
  planes: readonly Node[],
  kept: string,
): Promise<void> {
  const peer = (address: string) => `https://${address}:2380`;
  const all = planes.map((one) => `${one.machine.name}=${peer(one.machine.privateAddress)}`);
  await etcdTool(access, [
    ...["sh", "-ec", beginScript, "sh", kept],
    ...["etcdutl", "snapshot", "restore", uploaded, "--data-dir=/var/lib/etcd.new"],
    ...[`--name=${machine.name}`, `--initial-cluster=${all.join(",")}`],
    ...[`--initial-advertise-peer-urls=${peer(machine.privateAddress)}`],
    // Clients that saw later revisions have to list anew instead of believing their caches.
    ...["--bump-revision=1000000000", "--mark-compacted"],
  ]);
}
