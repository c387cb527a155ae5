import { afterAll, beforeAll, expect, it } from "vitest";
import { makeTenant, policyOf, tellingPod, underDryRunLoad } from "#test/e2e/injection";
import { eventually, lab } from "#test/e2e/scenario";

const cluster = lab();
const [master] = cluster.nodes;
const namespace = "inj-load";
const perSecond = 200;
const inSystem = ["-n", "clouder-system"];
const webhook = [...inSystem, "-l", "app.kubernetes.io/component=webhook"];
const controller = [...inSystem, "deployment/clouder-injection-controller"];
/** Seconds that API servers get for a new authority; one server on this host needs less than one. */
const propagation = "CLOUDER_PROPAGATION_SECONDS";

beforeAll(async () => {
  await cluster.kubectl(["set", "env", ...controller, `${propagation}=10`]);
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
  await cluster.kubectl(["rollout", "status", ...controller, "--timeout=60s"]);
}, 90_000);

afterAll(async () => {
  await cluster.kubectl(["set", "env", ...controller, `${propagation}-`]);
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
    const deployment = [...inSystem, "deployment/clouder-webhook"];
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

/** As if both nodes had failed: no replica says farewell. `webhook install` brings them back. */
async function loseReplicas(): Promise<void> {
  await cluster.kubectl(["scale", ...inSystem, "deployment/clouder-webhook", "--replicas=0"]);
  await cluster.kubectl(["delete", "pod", ...webhook, "--force"]);
}

it("F1: both replicas gone, Fail: pods of its namespaces wait for it, the cluster itself does not", async () => {
  await loseReplicas();
  const { stderr } = await eventually("a refusal", async () => {
    const answer = await create();
    return answer.status === 0 ? undefined : answer;
  });
  expect(stderr).toMatch(/failed calling webhook "inject\.clouder\.datalayer\.io"/);
  // The pods of the system, the webhook's own among them, are never sent to it.
  await cluster.kubectl([
    ...["run", "probe", "-n", "kube-system", "--image=x", "--dry-run=server"],
  ]);
  await cluster.clouder(["webhook", "install", "--failure-policy", "Ignore"]);
  await injectedAgain();
}, 240_000);

it("F4: both replicas gone, Ignore: pods start bare, but not where injection is required", async () => {
  await loseReplicas();
  const bare = await eventually("a pod that got nothing", async () => {
    const answer = await create();
    return answer.stdout.includes("lab-1") ? undefined : answer;
  });
  expect(bare.status).toBe(0);
  const required = "clouder.datalayer.io/inject";
  await cluster.kubectl(["label", "namespace", namespace, `${required}=required`]);
  const ofUser = { "runtime-pools.datalayer.io/user-uid": "carol" };
  const refused = await eventually("the refusal", async () => {
    const answer = await create(ofUser);
    return answer.status === 0 ? undefined : answer;
  });
  expect(refused.stderr).toMatch(/requires injection/);
  await cluster.kubectl(["label", "namespace", namespace, `${required}-`]);
  await cluster.clouder(["webhook", "install"]);
  await injectedAgain();
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
  await cluster.onNode(master, ["sh", "-c", "kill -KILL $(pidof kube-apiserver)"]);
  await injectedAgain();
}, 180_000);

it("webhook status shows both replicas, their certificates and calls", async () => {
  const { stdout } = await cluster.clouder(["webhook", "status", "-o", "json"]);
  const { replicas } = JSON.parse(stdout) as { replicas: readonly object[] };
  expect(replicas).toHaveLength(2);
});
