import { expect, it } from "vitest";
import { lab } from "#test/e2e/scenario";

const cluster = lab();

it("install again changes nothing", async () => {
  const before = await versions();
  const { stdout } = await cluster.clouder(["install"]);
  expect(stdout).toMatch(/unchanged/);
  expect(await versions()).toEqual(before);
});

async function versions(): Promise<string> {
  const { stdout } = await cluster.kubectl([
    ...["get", "crd,daemonset,deployment,clusterrole,runtimeclass", "-A"],
    ...["-l", "app.kubernetes.io/part-of=kubectl-clouder"],
    ...["-o", "custom-columns=KIND:.kind,NAME:.metadata.name,GENERATION:.metadata.generation"],
  ]);
  expect(stdout.split("\n").length).toBeGreaterThan(6);
  return stdout;
}

it("install --dry-run prints the objects that are there", async () => {
  const { stdout } = await cluster.clouder(["install", "--dry-run", "-o", "yaml"]);
  const { stdout: difference, status } = await cluster.kubectl(
    ["diff", "--server-side", "--field-manager=kubectl-clouder", "-f", "-"],
    { stdin: stdout, allowFailure: true, environment: { KUBECONFIG: cluster.kubeconfig } },
  );
  expect(difference).toBe("");
  expect(status).toBe(0);
});

it("doctor finds the cluster fit and says so in JSON", async () => {
  const { stdout } = await cluster.clouder(["doctor", "-o", "json"]);
  const { summary, findings } = JSON.parse(stdout) as {
    readonly summary: Readonly<Record<string, number>>;
    readonly findings: readonly { readonly level: string }[];
  };
  expect(findings.filter(({ level }) => level === "fail")).toEqual([]);
  expect(summary).toMatchObject({ fail: 0 });
  expect(summary["ok"]).toBeGreaterThan(20);
});

it("I3: the agent's ServiceAccount may call nodes/checkpoint and neither nodes/proxy nor exec", async () => {
  const can = async (...args: readonly string[]) =>
    (
      await cluster.kubectl(
        ["auth", "can-i", ...args, "--as=system:serviceaccount:clouder-system:clouder-agent"],
        { allowFailure: true },
      )
    ).stdout.trim();
  expect(await can("create", "nodes", "--subresource=checkpoint")).toBe("yes");
  expect(await can("create", "nodes", "--subresource=proxy")).toBe("no");
  expect(await can("create", "pods", "--subresource=exec")).toBe("no");
  expect(await can("get", "secrets", "-n", "default")).toBe("no");
});
