import { readFile, stat } from "node:fs/promises";
import { expect, it } from "vitest";
import { preemptionClusterRules } from "#checkpoint/agent/rights";
import { ownNodeGuard } from "#checkpoint/install/own-node-guard";
import { clusterRole } from "#kube/install/accounts";
import type { KubeObject } from "#kube/kube";
import { eventually, lab } from "#test/e2e/scenario";

/** What identities may do, by a real API server's word. */

const cluster = lab();
const kubectl = async (...args: readonly string[]) => {
  const { stdout, stderr, status } = await cluster.kubectl(args, { allowFailure: true });
  return { said: `${stdout}${stderr}`.trim(), status };
};

it("G1 a kubeconfig of the role view may look, and neither change nor read Secrets", async () => {
  const args = ["cluster", "kubeconfig", cluster.name, "--role", "view", "--user", "ana"];
  const { stdout } = await cluster.clouder([...args, "--duration", "10m", "-o", "json"]);
  const { path, expires } = JSON.parse(stdout) as { path: string; expires: string };
  expect(Date.parse(expires) - Date.now()).toBeLessThan(601_000);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(stdout).not.toContain(/token: (\S+)/.exec(await readFile(path, "utf8"))?.[1]);
  const can = async (...what: readonly string[]) =>
    (await kubectl(`--kubeconfig=${path}`, "auth", "can-i", ...what)).said;
  expect(await can("list", "pods", "-A")).toBe("yes");
  expect(await can("create", "pods")).toBe("no");
  expect(await can("get", "secrets")).toBe("no");
  await kubectl("delete", "namespace", "clouder-access", "--wait=false");
});

it("an agent that may patch nodes changes one taint of its own node, and nothing else", async () => {
  const name = "clouder-agent-preemption";
  const binding = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    ...{ kind: "ClusterRoleBinding", metadata: { name } },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    subjects: [{ kind: "ServiceAccount", name: "clouder-agent", namespace: "clouder-system" }],
  } as KubeObject;
  const objects = [...ownNodeGuard(), clusterRole(name, preemptionClusterRules), binding];
  await cluster.apply(...objects);
  const own = cluster.nodes[1];
  const pods = ["get", "pods", "-n", "clouder-system", "-l", "app.kubernetes.io/component=agent"];
  const agents = await kubectl(
    ...[...pods, "--field-selector", `spec.nodeName=${own}`],
    ...["-o", "jsonpath={.items[0].metadata.name}"],
  );
  const bound = ["--bound-object-kind=Pod", `--bound-object-name=${agents.said}`];
  const token = await kubectl("create", "token", "clouder-agent", "-n", "clouder-system", ...bound);
  const server = await kubectl(
    ...["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"],
  );
  const patch = (node: string, change: object, ...more: readonly string[]) =>
    kubectl(
      ...["--kubeconfig=/dev/null", `--server=${server.said}`, "--insecure-skip-tls-verify"],
      ...[`--token=${token.said}`, "patch", "node", node, "--type=merge"],
      ...["-p", JSON.stringify(change), ...more],
    );
  const key = "clouder.datalayer.io/preemption";
  const taints = [{ key, value: "interruption", effect: "NoSchedule" }];
  try {
    await eventually("the policy", async () => {
      const { said } = await patch(own, { spec: { unschedulable: true } }, "--dry-run=server");
      return said.includes("clouder-agent-own-node") || undefined;
    });
    expect(await patch(own, { spec: { taints } })).toMatchObject({ status: 0 });
    expect(await patch(own, { spec: { taints: null } })).toMatchObject({ status: 0 });
    const refused = {
      status: 1,
      said: expect.stringContaining("clouder-agent-own-node") as string,
    };
    expect(await patch(cluster.nodes[0], { spec: { taints } })).toMatchObject(refused);
    expect(await patch(own, { spec: { unschedulable: true } })).toMatchObject(refused);
    expect(await patch(own, { metadata: { labels: { a: "b" } } })).toMatchObject(refused);
    const mine = [{ key: "example.org/own", effect: "NoSchedule" }];
    expect(await patch(own, { spec: { taints: mine } })).toMatchObject(refused);
  } finally {
    for (const { kind, metadata } of objects) await kubectl("delete", kind, metadata.name);
  }
});
