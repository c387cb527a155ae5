import { afterAll, beforeAll, expect, it } from "vitest";
import { makeTenant } from "#test/e2e/injection";
import { eventually, lab, startPod } from "#test/e2e/scenario";

/** What people are told when something is in the way, and what a waiting pod gets later. */

const cluster = lab();
const namespace = "inj-told";
const inNamespace = ["-n", namespace];
const api = "clouder.datalayer.io/v1alpha1";
const image = "docker.io/clouder/busybox:1";
const containers = [{ name: "c", image, command: ["sleep", "3600"] }];

const homes = (name: string, claim: object) => ({
  apiVersion: api,
  kind: "InjectionPolicy",
  metadata: { name, namespace },
  spec: {
    user: { from: "PodLabel", key: "told/user", trusted: { groups: ["system:masters", admins] } },
    match: { podSelector: { matchLabels: { told: name } } },
    inject: [{ name: "home", home: { claim, mounts: [{ mountPath: "/home/user" }] } }],
  },
});
/** The group of kubeadm's own kubeconfig. */
const admins = "kubeadm:cluster-admins";

const pod = (told: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: told, namespace, labels: { told, "told/user": "fay" } },
  spec: { terminationGracePeriodSeconds: 0, containers },
});

beforeAll(async () => {
  await makeTenant(cluster, namespace);
  const claim = (name: string, more: object) => ({ name: `${name}-{user}`, size: "1Gi", ...more });
  await cluster.apply(
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "told-disks" },
      provisioner: "ebs.csi.aws.com",
      volumeBindingMode: "WaitForFirstConsumer",
    },
    {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "little", namespace },
      spec: { hard: { "requests.storage": "5Gi" } },
    },
    homes("classless", claim("classless", { storageClassName: "nowhere" })),
    homes(
      "modes",
      claim("modes", { storageClassName: "told-disks", accessModes: ["ReadWriteMany"] }),
    ),
    homes("quota", claim("quota", { storageClassName: "told-disks", size: "50Gi" })),
    {
      apiVersion: api,
      kind: "InjectionPolicy",
      metadata: { name: "labelled", namespace },
      spec: {
        user: { from: "PodLabel" },
        match: { podSelector: { matchLabels: { told: "labelled" } } },
        inject: [{ name: "key", secret: { name: "{user}-key", as: "EnvFrom" } }],
      },
    },
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "gil-runs", namespace, labels: { "clouder.datalayer.io/user": "gil" } },
    },
    {
      apiVersion: api,
      kind: "InjectionPolicy",
      metadata: { name: "account", namespace },
      spec: {
        user: { from: "ServiceAccount" },
        match: { podSelector: { matchLabels: { told: "account" } } },
        inject: [{ name: "who", env: [{ name: "WHO", value: "{user}" }] }],
      },
    },
    {
      apiVersion: api,
      kind: "InjectionPolicy",
      metadata: { name: "warm", namespace },
      spec: {
        preset: "Datalayer",
        presetOptions: { without: ["home", "organization-home", "team-home"] },
        user: { from: "PodLabel", trusted: { groups: ["system:masters", admins] } },
      },
    },
  );
  await cluster.kubectl([
    ...["wait", ...inNamespace, "--for=condition=Ready", "injectionpolicies", "--all"],
    "--timeout=60s",
  ]);
}, 120_000);

afterAll(async () => {
  await cluster.kubectl(["delete", "namespace", namespace, "--wait=false"]);
  await cluster.kubectl(["delete", "storageclass", "told-disks"]);
}, 120_000);

interface KubeEvent {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

async function eventOf(kind: string, reason: string, name = ""): Promise<KubeEvent> {
  return eventually(`an Event ${reason} on the ${kind}`, async () => {
    const { stdout } = await cluster.kubectl(["get", "events", ...inNamespace, "-o", "json"]);
    const { items } = JSON.parse(stdout) as { items: readonly KubeEvent[] };
    return items.find(
      (one) =>
        one.reason === reason &&
        one.involvedObject.kind === kind &&
        one.involvedObject.name.startsWith(name),
    );
  });
}

it.each([
  ["N4", "classless", "StorageClassMissing", /asks for StorageClass nowhere, which does not exist/],
  ["N4", "modes", "AccessModeUnsupported", /gives disks, which cannot be ReadWriteMany/],
  ["N1", "quota", "QuotaExceeded", /exceeded quota/],
])(
  "%s: a home that cannot be made (%s) is told on the pod and the policy: %s",
  async (_row, name, reason, message) => {
    await cluster.apply(pod(name));
    expect((await eventOf("Pod", reason, name)).message).toMatch(message);
    expect((await eventOf("InjectionPolicy", reason, name)).message).toMatch(message);
    await eventually(`the condition ClaimsReady says ${reason}`, async () => {
      const { stdout } = await cluster.kubectl([
        ...["get", "injectionpolicy", name, ...inNamespace, "-o"],
        'jsonpath={.status.conditions[?(@.type=="ClaimsReady")].reason}',
      ]);
      return stdout === reason ? true : undefined;
    });
  },
);

it("a home whose quota was raised is made without anybody's doing", async () => {
  const hard = { spec: { hard: { "requests.storage": "500Gi" } } };
  await cluster.kubectl([
    ...["patch", "resourcequota", "little", ...inNamespace, "--type=merge"],
    ...["-p", JSON.stringify(hard)],
  ]);
  await eventually(
    "the claim",
    () => cluster.kubectl(["get", "pvc", "quota-fay", ...inNamespace]),
    120_000,
  );
}, 150_000);

it("M3: of a Deployment that forges a label its ReplicaSet is told, and its pods get nothing", async () => {
  const labels = { told: "labelled", "runtime-pools.datalayer.io/user-uid": "alice" };
  await cluster.apply({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "forged", namespace },
    spec: {
      selector: { matchLabels: { told: "labelled" } },
      template: { metadata: { labels }, spec: { containers } },
    },
  });
  const event = await eventOf("ReplicaSet", "InjectionSkipped", "forged-");
  expect(event.message).toMatch(/made by replicaset-controller, so nobody knows/);
  const { stdout } = await cluster.kubectl(["get", "pods", ...inNamespace, "-o", "json"]);
  expect(stdout).not.toContain("alice-key");
});

it("M3: a Deployment's pods belong to the user of the ServiceAccount that they run as", async () => {
  const labels = { told: "account" };
  await cluster.apply({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "gils", namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: "gil-runs",
          terminationGracePeriodSeconds: 0,
          containers: [{ name: "c", image, command: ["sh", "-c", "echo I am $WHO; sleep 3600"] }],
        },
      },
    },
  });
  const said = await eventually("the pod's words", async () => {
    const { stdout } = await cluster.kubectl(["logs", ...inNamespace, "-l", "told=account"]);
    return stdout.includes("I am") ? stdout : undefined;
  });
  expect(said).toBe("I am gil\n");
}, 120_000);

it("M1: a warm pod takes up its user's Secret when that is made, while it runs", async () => {
  const reservation = "r-17";
  const labels = {
    "runtime-pools.datalayer.io/pod-status": "available",
    "runtime-pools.datalayer.io/reservation-id": reservation,
  };
  const metadata = { name: "warm", namespace, labels };
  await startPod(cluster, { apiVersion: "v1", kind: "Pod", metadata, spec: { containers } });
  const read = ["sh", "-c", "cat /var/run/secrets/datalayer.io/user/token"];
  const exec = ["exec", "warm", ...inNamespace, "--", ...read];
  expect((await cluster.kubectl(exec, { allowFailure: true })).status).not.toBe(0);
  await cluster.apply({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `runtime-user-${reservation}`, namespace },
    stringData: { token: "of the user" },
  });
  const token = await eventually(
    "the file in the pod",
    async () => (await cluster.kubectl(exec)).stdout,
    150_000,
  );
  expect(token).toBe("of the user");
}, 240_000);
