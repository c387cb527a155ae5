import { afterAll, expect, it } from "vitest";
import { counterContainer, podOf } from "#test/e2e/pods";
import {
  checkpoint,
  checkpointView,
  counts,
  deletePod,
  eventually,
  lab,
  startPod,
} from "#test/e2e/scenario";

const cluster = lab();
const [first, second] = cluster.nodes;

afterAll(async () => {
  await deletePod(cluster, "pair");
  await cluster.kubectl(["delete", "configmap/pair", "secret/pair", "--ignore-not-found"]);
});

it("I1: both containers of a pod come back, with token, ConfigMap, Secret and memory volumes mounted", async () => {
  const mounts = [
    { name: "config", mountPath: "/config" },
    { name: "secret", mountPath: "/secret", readOnly: true },
    { name: "scratch", mountPath: "/scratch" },
    { name: "shm", mountPath: "/dev/shm" },
  ];
  await cluster.apply(
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "pair" }, data: { colour: "blue" } },
    { apiVersion: "v1", kind: "Secret", metadata: { name: "pair" }, stringData: { word: "open" } },
  );
  await startPod(
    cluster,
    podOf(
      {
        name: "pair",
        node: first,
        extra: {
          volumes: [
            { name: "config", configMap: { name: "pair" } },
            { name: "secret", secret: { secretName: "pair" } },
            { name: "scratch", emptyDir: {} },
            { name: "shm", emptyDir: { medium: "Memory" } },
          ],
        },
      },
      counterContainer("one", { volumeMounts: mounts }),
      counterContainer("two", { volumeMounts: mounts }),
    ),
  );
  await cluster.kubectl(["exec", "pair", "-c", "one", "--", "sh", "-c", "echo x > /scratch/file"]);
  await eventually("both count", async () =>
    (await counts(cluster, "pair", "two")).length > 8 ? true : undefined,
  );
  const id = await checkpoint(cluster, "pair");
  const view = await checkpointView(cluster, id);
  expect(view.status.containers.map(({ name }) => name)).toEqual(["one", "two"]);
  expect((view.status.hints ?? []).join("\n")).toMatch(/scratch/);
  await deletePod(cluster, "pair");

  await cluster.clouder(["restore", "pod", id, "--node", second]);
  for (const name of ["one", "two"]) {
    const seen = await eventually(`${name} counts`, async () => {
      const numbers = await counts(cluster, "pair", name);
      return numbers.length > 1 ? numbers : undefined;
    });
    expect(seen[0]).toBeGreaterThan(7);
    const { stdout } = await cluster.kubectl([
      ...["exec", "pair", "-c", name, "--", "sh", "-c"],
      "cat /config/colour /secret/word; ls /scratch | wc -l; wc -c < /var/run/secrets/kubernetes.io/serviceaccount/token",
    ]);
    expect(stdout).toMatch(/^blueopen0\n[1-9]\d{2,}\n$/);
  }
});

it("checkpoints one container of several when asked", async () => {
  const id = await checkpoint(cluster, "pair", ["-c", "two"]);
  const view = await checkpointView(cluster, id);
  expect(view.status.containers.map(({ name }) => name)).toEqual(["two"]);
});
