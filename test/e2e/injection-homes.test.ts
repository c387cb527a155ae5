import { afterAll, beforeAll, expect, it } from "vitest";
import { makeTenant, makeVolumes, storageClass } from "#test/e2e/injection";
import { eventually, lab } from "#test/e2e/scenario";

/** What becomes of homes: claims that go or stay with their policy, and folders of a shared claim. */

const cluster = lab();
const namespace = "inj-homes";
const inNamespace = ["-n", namespace];
const volumes = ["inj-homes-1", "inj-homes-2", "inj-homes-3"];

const policy = (name: string, inject: readonly object[]) => ({
  apiVersion: "clouder.datalayer.io/v1alpha1",
  kind: "InjectionPolicy",
  metadata: { name, namespace },
  spec: {
    user: { from: "Namespace" },
    match: { podSelector: { matchLabels: { home: name } } },
    inject,
  },
});
const claimed = (name: string, deletion: string) =>
  policy(name, [
    {
      name: "home",
      home: {
        claim: { name: `${name}-{user}`, storageClassName: storageClass, size: "1Gi", deletion },
        mounts: [{ mountPath: "/home/user" }],
      },
    },
  ]);

/** The recipe of docs/webhook.md, with the lab's image. */
const prepared = policy("folder", [
  {
    name: "home",
    volume: {
      volume: { name: "shared-homes", persistentVolumeClaim: { claimName: "shared-fs-pvc" } },
      mounts: [{ mountPath: "/home/jovyan", subPath: "home/users/{user}" }],
    },
  },
  {
    name: "prepare",
    pod: {
      initContainers: [
        {
          name: "prepare-home",
          image: "docker.io/clouder/busybox:1",
          command: ["sh", "-c", "chown 1000:100 /home && chmod 2775 /home"],
          securityContext: {
            runAsUser: 0,
            runAsNonRoot: false,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"], add: ["CHOWN", "FOWNER", "FSETID"] },
          },
          volumeMounts: [
            { name: "shared-homes", mountPath: "/home", subPath: "home/users/{user}" },
          ],
        },
      ],
    },
  },
]);

const pod = (home: string, command: string, securityContext: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: home, namespace, labels: { home } },
  spec: {
    terminationGracePeriodSeconds: 0,
    restartPolicy: "Never",
    securityContext,
    containers: [
      { name: "c", image: "docker.io/clouder/busybox:1", command: ["sh", "-c", command] },
    ],
  },
});

beforeAll(async () => {
  await makeTenant(cluster, namespace, "erin");
  await makeVolumes(cluster, volumes);
  await cluster.apply(claimed("kept", "Retain"), claimed("gone", "Delete"), prepared, {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "shared-fs-pvc", namespace },
    spec: {
      storageClassName: storageClass,
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
    },
  });
  await cluster.kubectl([
    ...["wait", ...inNamespace, "--for=condition=Ready", "injectionpolicies", "--all"],
    "--timeout=60s",
  ]);
}, 120_000);

afterAll(async () => {
  await cluster.kubectl(["delete", "namespace", namespace, "--wait=false"]);
  await cluster.kubectl(["delete", "pv", ...volumes, "--ignore-not-found", "--wait=false"]);
}, 60_000);

interface Claim {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
}

async function claims(): Promise<readonly Claim[]> {
  const { stdout } = await cluster.kubectl(["get", "pvc", ...inNamespace, "-o", "json"]);
  return (JSON.parse(stdout) as { items: readonly Claim[] }).items;
}

it("N1: a claim with deletion Delete goes with its policy, once no pod uses it; Retain keeps its claim", async () => {
  await cluster.apply(pod("kept", "sleep 3600"), pod("gone", "sleep 3600"));
  await cluster.kubectl([
    ...["wait", ...inNamespace, "--for=condition=Ready", "pod/kept", "pod/gone", "--timeout=90s"],
  ]);
  await cluster.kubectl(["delete", "injectionpolicy", "kept", "gone", ...inNamespace]);
  const named = (all: readonly Claim[], name: string) =>
    all.find(({ metadata }) => metadata.name === name);
  const dying = await eventually("the garbage collector has come to the claim", async () => {
    const found = named(await claims(), "gone-erin");
    return found?.metadata.deletionTimestamp === undefined ? undefined : found;
  });
  // A pod that runs keeps its home under its feet.
  expect(dying.metadata.name).toBe("gone-erin");
  const { stdout } = await cluster.kubectl([
    ...[
      "exec",
      "gone",
      ...inNamespace,
      "--",
      "sh",
      "-c",
      "echo here > /home/user/f; cat /home/user/f",
    ],
  ]);
  expect(stdout).toBe("here\n");
  await cluster.kubectl(["delete", "pod", "kept", "gone", ...inNamespace, "--wait"]);
  await eventually("the claim is gone", async () =>
    named(await claims(), "gone-erin") === undefined ? true : undefined,
  );
  const kept = named(await claims(), "kept-erin");
  expect(kept).toBeDefined();
  expect(kept?.metadata.deletionTimestamp).toBeUndefined();
}, 240_000);

it("N1: a folder of a shared claim that the policy prepares is its user's, 1000:100 and setgid", async () => {
  const write =
    "echo mine > /home/jovyan/f && stat -c '%u:%g %a' /home/jovyan && cat /home/jovyan/f";
  await cluster.apply(
    pod("folder", write, { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 100 }),
  );
  const said = await eventually("the pod's words", async () => {
    const { stdout } = await cluster.kubectl(["logs", "folder", ...inNamespace, "-c", "c"]);
    return stdout.includes("mine") ? stdout : undefined;
  });
  expect(said).toBe("1000:100 2775\nmine\n");
}, 120_000);
