import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, lab } from "#test/e2e/scenario";
import {
  makeSecrets,
  makeTenant,
  makeVolumes,
  policyOf,
  storageClass,
  tellingPod,
} from "#test/e2e/injection";

const cluster = lab();
const bound = "inj-alice";
const shared = "inj-shared";

const items = {
  inject: [
    { name: "region", env: [{ name: "REGION", value: "lab-1" }] },
    {
      name: "keys",
      secret: { label: "runtime-pools.datalayer.io/user-uid", as: "Env" },
    },
    { name: "ssh", secret: { name: "ssh-{user}", as: "Files", mountPath: "/etc/user-ssh" } },
    {
      name: "home",
      home: {
        claim: { storageClassName: storageClass, size: "1Gi" },
        mounts: [{ mountPath: "/home/user" }, { mountPath: "/cache", subPath: ".cache" }],
      },
    },
  ],
};

beforeAll(async () => {
  await makeTenant(cluster, bound, "alice");
  await makeTenant(cluster, shared);
  await makeVolumes(cluster, ["inj-volume-1", "inj-volume-2"]);
  for (const namespace of [bound, shared]) await makeSecrets(cluster, namespace, "alice");
  await cluster.apply(
    policyOf("inj-bound", {
      ...items,
      match: { namespaceSelector: { matchLabels: { "clouder.datalayer.io/user": "alice" } } },
      user: { from: "Namespace" },
    }),
    policyOf("inj-label", {
      ...items,
      match: {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": shared } },
      },
      user: { from: "PodLabel" },
    }),
    ...["mallory", "alice-herself"].flatMap((name) => [
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: shared } },
      binding(name, { kind: "ClusterRole", name: "edit" }),
    ]),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "is-alice", namespace: shared },
      rules: [
        {
          apiGroups: ["clouder.datalayer.io"],
          resources: ["injectionusers"],
          resourceNames: ["alice"],
          verbs: ["use"],
        },
      ],
    },
    binding("alice-herself", { kind: "Role", name: "is-alice" }, "-user"),
  );
  for (const name of ["inj-bound", "inj-label"]) {
    await cluster.kubectl([
      ...["wait", "--for=condition=Ready", `clusterinjectionpolicy/${name}`, "--timeout=60s"],
    ]);
  }
  await eventually("the index of Secrets", async () => {
    const { stdout } = await cluster.kubectl([
      ...["get", "configmap", "clouder-secret-index", "-n", shared, "-o", "json"],
    ]);
    return stdout.includes("alice-keys") ? true : undefined;
  });
}, 180_000);

afterAll(async () => {
  await cluster.kubectl(["delete", "clusterinjectionpolicy", "inj-bound", "inj-label"]);
  await cluster.kubectl(["delete", "namespace", bound, shared, "--wait=false"]);
  const volumes = ["inj-volume-1", "inj-volume-2"];
  await cluster.kubectl(["delete", "pv", ...volumes, "--ignore-not-found", "--wait=false"]);
  await cluster.kubectl(["delete", "storageclass", storageClass, "--ignore-not-found"]);
}, 60_000);

function binding(account: string, roleRef: { kind: string; name: string }, more = ""): object {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: `${account}${more}`, namespace: shared },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", ...roleRef },
    subjects: [{ kind: "ServiceAccount", name: account, namespace: shared }],
  };
}

const as = (account: string) => ["--as", `system:serviceaccount:${shared}:${account}`];
const told = "region=lab-1 token=token-of-alice path=/usr/local/sbin key=key-of-alice";

/** What the first pod with this label has printed, once it is done. */
async function words(label: string, namespace = bound): Promise<string> {
  return eventually(`${label} has told`, async () => {
    const { stdout } = await cluster.kubectl(["logs", "-n", namespace, "-l", label, "--tail=-1"]);
    return stdout.includes("done") ? stdout : undefined;
  });
}

describe("pods of a user's namespace", () => {
  const workloads: readonly [string, string, (name: string) => object][] = [
    ["Deployment", "apps/v1", replicated],
    ["ReplicaSet", "apps/v1", replicated],
    ["ReplicationController", "v1", (app) => ({ template: template(app) })],
    ["StatefulSet", "apps/v1", (app) => ({ ...replicated(app), serviceName: app })],
    ["DaemonSet", "apps/v1", replicated],
    ["Job", "batch/v1", (app) => ({ template: template(app, true) })],
    [
      "CronJob",
      "batch/v1",
      (app) => ({
        schedule: "* * * * *",
        jobTemplate: { spec: { template: template(app, true) } },
      }),
    ],
  ];

  function template(app: string, once = false): object {
    return {
      metadata: { labels: { app } },
      spec: { ...tellingPod(once), ...(once ? { restartPolicy: "Never" } : {}) },
    };
  }

  function replicated(app: string): object {
    return { selector: { matchLabels: { app } }, template: template(app) };
  }

  it("M1 M2 N1: a pod gets its user's variables, files and home, and no reserved name", async () => {
    await cluster.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "bare", namespace: bound, labels: { app: "bare" } },
      spec: tellingPod(),
    });
    expect(await words("app=bare")).toContain(told);
    const { stdout } = await cluster.kubectl(["get", "pod", "bare", "-n", bound, "-o", "json"]);
    const pod = JSON.parse(stdout) as { metadata: { annotations: Record<string, string> } };
    expect(pod.metadata.annotations["clouder.datalayer.io/injected-user"]).toBe("alice");
    // References only: the API server's own record of the pod holds no value.
    expect(stdout).not.toMatch(/token-of-alice|key-of-alice/);
  });

  it.each(workloads)("a %s's pod gets them, too", async (kind, apiVersion, specOf) => {
    const name = kind.toLowerCase();
    await cluster.apply({
      apiVersion,
      kind,
      metadata: { name, namespace: bound },
      spec: specOf(name),
    });
    if (kind === "CronJob") {
      await cluster.kubectl(["create", "job", "by-hand", "-n", bound, "--from=cronjob/cronjob"]);
    }
    const said = await words(`app=${name}`);
    expect(said).toContain(told);
    expect(Number(/home=(\d+)/.exec(said)?.[1])).toBeGreaterThan(0);
    await cluster.kubectl(["delete", kind, name, "-n", bound, "--wait=false"]);
  });

  it("N1: one claim was made for all of them, the user's, and stays", async () => {
    const { stdout } = await cluster.kubectl(["get", "pvc", "-n", bound, "-o", "json"]);
    const { items: claims } = JSON.parse(stdout) as {
      items: { metadata: { name: string; ownerReferences?: unknown }; status: { phase: string } }[];
    };
    expect(claims.map(({ metadata }) => metadata.name)).toEqual(["home-alice"]);
    expect(claims[0]?.status.phase).toBe("Bound");
    expect(claims[0]?.metadata.ownerReferences).toBeUndefined();
  });

  it("a label that names somebody else is refused", async () => {
    const { status, stderr } = await cluster.kubectl(
      [
        "run",
        "forged",
        "-n",
        bound,
        "--image=x",
        "--labels=runtime-pools.datalayer.io/user-uid=bob",
      ],
      { allowFailure: true },
    );
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/namespace belongs to alice/);
  });
});

describe("pods of a namespace that users share", () => {
  const label = "--labels=runtime-pools.datalayer.io/user-uid=alice";
  const run = (name: string, account: string) =>
    cluster.kubectl([
      ...["run", name, "-n", shared, "--image=docker.io/clouder/busybox:1", label],
      ...["--dry-run=server", "-o", "json", ...as(account)],
    ]);

  it("M3: who forges a label gets nothing but a warning", async () => {
    const { stdout, stderr } = await run("forged", "mallory");
    expect(stdout).not.toMatch(/alice-keys|ssh-alice|home-alice/);
    expect(stderr).toMatch(/Warning: .*:mallory may not "use" injectionusers\/alice/);
  });

  it("M3: who may use the user gets their things", async () => {
    const { stdout } = await run("granted", "alice-herself");
    expect(stdout).toMatch(/alice-keys/);
    expect(stdout).toMatch(/home-alice/);
  });

  it("M3: the label of a pod that runs cannot be changed", async () => {
    await cluster.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "labelled",
        namespace: shared,
        labels: { "runtime-pools.datalayer.io/user-uid": "bob" },
      },
      spec: tellingPod(),
    });
    const { status, stderr } = await cluster.kubectl(
      [
        ...["label", "pod", "labelled", "-n", shared, "--overwrite"],
        "runtime-pools.datalayer.io/user-uid=alice",
      ],
      { allowFailure: true },
    );
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/cannot be changed/);
    await cluster.kubectl(["delete", "pod", "labelled", "-n", shared, "--wait=false"]);
  });
});

it("nothing else of the cluster is touched", async () => {
  const { stdout } = await cluster.kubectl([
    ...[
      "run",
      "elsewhere",
      "--image=docker.io/clouder/busybox:1",
      "--dry-run=server",
      "-o",
      "json",
    ],
  ]);
  expect(stdout).not.toMatch(/lab-1|clouder\.datalayer\.io/);
});

it("inject explain tells the same by the cluster's policies", async () => {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: bound },
    spec: tellingPod(),
  };
  const { stdout } = await cluster.clouder(["inject", "explain", "-f", "-", "-n", bound], {
    stdin: JSON.stringify(pod),
  });
  expect(stdout).toMatch(/ClusterInjectionPolicy\/inj-bound/);
  expect(stdout).toMatch(/REGION/);
});
