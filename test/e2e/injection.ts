import { connectKube } from "#kube/connect";
import type { Kube } from "#kube/kube";
import type { Pod } from "#kube/objects";
import { pods } from "#kube/resources";
import { messageOf } from "#core/error";
import { eventually, lab } from "#test/e2e/scenario";
import type { LabCluster } from "#test/lab/lab-cluster";

/** What the webhook's scenarios share: tenants, a policy, and pods by the hundreds that stay dry runs. */

export const storageClass = "lab-manual";
const marked = { "injection-e2e": "yes" };

/** The user's things in a namespace; `user` binds it to them. */
export async function makeTenant(
  cluster: LabCluster,
  namespace: string,
  user?: string,
): Promise<void> {
  const labels = {
    ...marked,
    ...(user === undefined ? {} : { "clouder.datalayer.io/user": user }),
  };
  await cluster.apply({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace, labels },
  });
  // Without it no pod can be made there.
  await eventually("the default ServiceAccount", () =>
    cluster.kubectl(["get", "serviceaccount", "default", "-n", namespace]),
  );
}

/** Secrets of a user as the original tool labels them, and one by name. */
export async function makeSecrets(
  cluster: LabCluster,
  namespace: string,
  user: string,
): Promise<void> {
  const label = { "runtime-pools.datalayer.io/user-uid": user };
  await cluster.apply(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `${user}-keys`, namespace, labels: label },
      stringData: { API_TOKEN: `token-of-${user}`, PATH: "/never", KUBERNETES_PORT: "never" },
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `ssh-${user}`, namespace },
      stringData: { id: `key-of-${user}` },
    },
  );
}

/** Volumes that exist by hand, since the lab has no storage driver; one per home that is wanted. */
export async function makeVolumes(cluster: LabCluster, names: readonly string[]): Promise<void> {
  await cluster.apply(
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: storageClass },
      provisioner: "kubernetes.io/no-provisioner",
    },
    ...names.map((name) => ({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name },
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteOnce"],
        persistentVolumeReclaimPolicy: "Delete",
        storageClassName: storageClass,
        hostPath: { path: `/var/lib/clouder-e2e/${name}`, type: "DirectoryOrCreate" },
      },
    })),
  );
}

/** A policy for all tenants of these tests. */
export function policyOf(name: string, spec: object): object {
  return {
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind: "ClusterInjectionPolicy",
    metadata: { name },
    spec: { match: { namespaceSelector: { matchLabels: marked } }, ...spec },
  };
}

/** Says what it got, and goes on; `once` ends at once. */
export function tellingPod(once = false): {
  readonly containers: readonly object[];
  readonly [field: string]: unknown;
} {
  const tell =
    'echo "region=$REGION token=$API_TOKEN path=${PATH%%:*} key=$(cat /etc/user-ssh/id)"; ' +
    'echo "$HOSTNAME" >> /home/user/visitors; echo "home=$(wc -l < /home/user/visitors)"; echo done';
  return {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "c",
        image: "docker.io/clouder/busybox:1",
        imagePullPolicy: "IfNotPresent",
        command: ["sh", "-c", once ? tell : `${tell}; sleep 3600`],
      },
    ],
  };
}

export interface LoadReport {
  readonly sent: number;
  readonly injected: number;
  /** Messages of calls that failed, each once with its count. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Dry-run creations of pods at a steady rate, on one connection pool, while `work` is under way. */
export async function underDryRunLoad(
  namespace: string,
  perSecond: number,
  work: () => Promise<unknown>,
): Promise<LoadReport> {
  const kube = await connectKube({ kubeconfig: lab().kubeconfig });
  const report = { sent: 0, injected: 0, failures: {} as Record<string, number> };
  const underWay = new Set<Promise<void>>();
  const started = performance.now();
  const over = new AbortController();
  const worked = work().finally(() => {
    over.abort();
  });
  // Whatever work does, the load is bounded.
  while (!over.signal.aborted && report.sent < perSecond * 180) {
    const due = Math.floor(((performance.now() - started) / 1000) * perSecond);
    while (report.sent < due && underWay.size < 64) {
      report.sent += 1;
      const call = oneCall(kube, namespace, report).finally(() => underWay.delete(call));
      underWay.add(call);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await worked;
  await Promise.all(underWay);
  return report;
}

async function oneCall(
  kube: Kube,
  namespace: string,
  report: { injected: number; readonly failures: Record<string, number> },
): Promise<void> {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { generateName: "load-", namespace },
    spec: tellingPod(),
  } as unknown as Pod;
  try {
    const made = await kube.create(pods, pod, { dryRun: true });
    if (made.metadata.annotations?.["clouder.datalayer.io/injected"]) report.injected += 1;
  } catch (error) {
    const message = messageOf(error);
    report.failures[message] = (report.failures[message] ?? 0) + 1;
  }
}
