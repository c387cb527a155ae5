import { afterAll, expect, it } from "vitest";
import { makeTenant, policyOf } from "#test/e2e/injection";
import { eventually, lab } from "#test/e2e/scenario";

const cluster = lab();
const namespace = "inj-export";

afterAll(async () => {
  await cluster.kubectl([
    ...["delete", "mutatingadmissionpolicy,mutatingadmissionpolicybinding"],
    ...["clouder-cluster-exported", "--ignore-not-found"],
  ]);
  await cluster.kubectl(["delete", "namespace", namespace, "--wait=false"]);
});

it("inject export: the API server itself injects what is static, and says what it leaves", async () => {
  await makeTenant(cluster, namespace);
  // Never applied itself: what the pod gets below can only come from the exported form.
  const policy = policyOf("exported", {
    match: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } },
    user: { from: "Namespace" },
    inject: [
      { name: "region", env: [{ name: "REGION", value: "lab-1" }] },
      { name: "more", envFrom: [{ secretRef: { name: "settings", optional: true } }] },
      { name: "place", pod: { nodeSelector: { "kubernetes.io/os": "linux" } } },
      { name: "ssh", secret: { name: "ssh-{user}", as: "Files", mountPath: "/etc/user-ssh" } },
    ],
  });
  const { stdout, stderr } = await cluster.clouder(
    ["inject", "export", "--as", "mutatingadmissionpolicy", "-f", "-"],
    { stdin: JSON.stringify(policy) },
  );
  expect(stderr).toMatch(/item ssh: needs to know the pod's user/);
  await cluster.kubectl(["apply", "-f", "-"], { stdin: stdout });
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "plain", namespace },
    spec: { containers: [{ name: "c", image: "x", env: [{ name: "OWN", value: "1" }] }] },
  };
  const made = await eventually("the policy at work", async () => {
    const answer = await cluster.kubectl(["create", "--dry-run=server", "-o", "json", "-f", "-"], {
      stdin: JSON.stringify(pod),
    });
    return answer.stdout.includes("lab-1") ? answer.stdout : undefined;
  });
  const { spec } = JSON.parse(made) as {
    spec: {
      nodeSelector: object;
      containers: { env: { name: string }[]; envFrom: object[] }[];
    };
  };
  expect(spec.containers[0]?.env.map(({ name }) => name).sort()).toEqual(["OWN", "REGION"]);
  expect(spec.containers[0]?.envFrom).toEqual([
    { secretRef: { name: "settings", optional: true } },
  ]);
  expect(spec.nodeSelector).toEqual({ "kubernetes.io/os": "linux" });
  expect(made).not.toMatch(/user-ssh/);
});
