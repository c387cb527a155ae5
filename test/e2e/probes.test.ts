import { afterAll, expect, it } from "vitest";
import { pythonPod } from "#test/e2e/pods";
import { checkpoint, deletePod, lab, programState, startProgram } from "#test/e2e/scenario";
import { fixtureProgram } from "#test/lab/lab-cluster";

const cluster = lab();
const [first, second] = cluster.nodes;
const probe = { httpGet: { port: 8080, path: "/" }, periodSeconds: 1, failureThreshold: 3 };

afterAll(() => deletePod(cluster, "probed"));

it("liveness and readiness probes neither break the dump nor kill the restored pod", async () => {
  await startProgram(
    cluster,
    pythonPod(
      {
        name: "probed",
        node: first,
        heapMB: 50,
        container: { livenessProbe: probe, readinessProbe: probe },
      },
      await fixtureProgram("stateful-server.py"),
    ),
  );
  const ids: string[] = [];
  for (let round = 0; round < 3; round += 1) ids.push(await checkpoint(cluster, "probed"));
  const before = await programState(cluster, "probed");
  await deletePod(cluster, "probed");
  await cluster.clouder(["restore", "pod", ids[2]!, "--node", second]);
  await cluster.kubectl(["wait", "--for=condition=Ready", "pod/probed", "--timeout=30s"]);
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const { stdout } = await cluster.kubectl([
    ...["get", "pod", "probed", "-o", "jsonpath={.status.containerStatuses[0].restartCount}"],
  ]);
  expect(stdout).toBe("0");
  expect((await programState(cluster, "probed")).count).toBeGreaterThan(before.count - 5);
});
