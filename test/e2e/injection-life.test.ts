import { afterAll, beforeAll, expect, it } from "vitest";
import { makeTenant, policyOf, tellingPod, underDryRunLoad } from "#test/e2e/injection";
import { eventually, lab } from "#test/e2e/scenario";

const cluster = lab();
const [master] = cluster.nodes;
const namespace = "inj-load";
const perSecond = 200;
const webhook = ["-n", "clouder-system", "-l", "app.kubernetes.io/component=webhook"];

beforeAll(async () => {
  await makeTenant(cluster, namespace, "carol");
  await cluster.apply(
    policyOf("inj-load", {
      match: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } },
      user: { from: "Namespace" },
      inject: [
        { name: "region", env: [{ name: "REGION", value: "lab-1" }] },
        { name: "ssh", secret: { name: "ssh-{user}", as: "Files", mountPath: "/etc/user-ssh" } },
      ],
    }),
  );
  await cluster.kubectl([
    ...["wait", "--for=condition=Ready", "clusterinjectionpolicy/inj-load", "--timeout=60s"],
  ]);
}, 90_000);

afterAll(async () => {
  await cluster.kubectl(["delete", "clusterinjectionpolicy", "inj-load", "--ignore-not-found"]);
  await cluster.kubectl(["delete", "namespace", namespace, "--wait=false"]);
  await cluster.clouder(["webhook", "install"]);
}, 180_000);

it("F3: the certificate authority changes under load, and no pod fails or stays bare", async () => {
  const report = await underDryRunLoad(namespace, perSecond, () =>
    cluster.clouder(["webhook", "certificate", "rotate"]),
  );
  expect(report.failures).toEqual({});
  expect(report.injected).toBe(report.sent);
  expect(report.sent).toBeGreaterThan(1000);
}, 300_000);

it("F20: a rolling restart under load fails no call", async () => {
  const report = await underDryRunLoad(namespace, perSecond, async () => {
    const deployment = ["-n", "clouder-system", "deployment/clouder-webhook"];
    await cluster.kubectl(["rollout", "restart", ...deployment]);
    await cluster.kubectl(["rollout", "status", ...deployment, "--timeout=120s"]);
  });
  expect(report.failures).toEqual({});
  expect(report.injected).toBe(report.sent);
}, 300_000);

async function create(
  labels: Readonly<Record<string, string>> = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { generateName: "one-", namespace, labels },
    spec: tellingPod(),
  };
  return cluster.kubectl(["create", "--dry-run=server", "-o", "json", "-f", "-"], {
    stdin: JSON.stringify(pod),
    allowFailure: true,
  });
}

async function withoutReplicas(work: () => Promise<void>): Promise<void> {
  const scale = (count: number) =>
    cluster.kubectl([
      ...["scale", "-n", "clouder-system", "deployment/clouder-webhook"],
      `--replicas=${count}`,
    ]);
  await scale(0);
  await cluster.kubectl(["wait", ...webhook, "--for=delete", "pod", "--timeout=90s"]);
  try {
    await work();
  } finally {
    await scale(2);
    await cluster.kubectl([
      ...["rollout", "status", "-n", "clouder-system", "deployment/clouder-webhook"],
      "--timeout=120s",
    ]);
  }
}

it("F1: both replicas gone, Fail: pods of its namespaces wait for it, the cluster itself does not", async () => {
  await withoutReplicas(async () => {
    const { status, stderr } = await create();
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/failed calling webhook "inject\.clouder\.datalayer\.io"/);
    // The pods of the system, the webhook's own among them, are never sent to it.
    await cluster.kubectl([
      ...["run", "probe", "-n", "kube-system", "--image=x", "--dry-run=server"],
    ]);
  });
  await injectedAgain();
}, 240_000);

it("F4: both replicas gone, Ignore: pods start bare, but not where injection is required", async () => {
  await cluster.clouder(["webhook", "install", "--failure-policy", "Ignore"]);
  await withoutReplicas(async () => {
    const bare = await create();
    expect(bare.status).toBe(0);
    expect(bare.stdout).not.toMatch(/lab-1/);
    await cluster.kubectl([
      ...["label", "namespace", namespace, "clouder.datalayer.io/inject=required"],
    ]);
    const ofUser = { "runtime-pools.datalayer.io/user-uid": "carol" };
    const refused = await eventually("the refusal", async () => {
      const answer = await create(ofUser);
      return answer.status === 0 ? undefined : answer;
    });
    expect(refused.stderr).toMatch(/requires injection/);
  });
  await cluster.kubectl(["label", "namespace", namespace, "clouder.datalayer.io/inject-"]);
  await cluster.clouder(["webhook", "install"]);
}, 240_000);

/** The network may need a moment to send calls to a replica that has just become ready. */
async function injectedAgain(): Promise<void> {
  await eventually(
    "an injected pod",
    async () => ((await create()).stdout.includes("lab-1") ? true : undefined),
    120_000,
  );
}

it("an API server that restarts finds the webhook again", async () => {
  await cluster.onNode(master, ["sh", "-c", "kill $(pidof kube-apiserver)"]);
  await injectedAgain();
}, 180_000);

it("webhook status shows both replicas, their certificates and calls", async () => {
  const { stdout } = await cluster.clouder(["webhook", "status", "-o", "json"]);
  const { replicas } = JSON.parse(stdout) as { replicas: readonly object[] };
  expect(replicas).toHaveLength(2);
});
