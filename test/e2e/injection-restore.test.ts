import { afterAll, beforeAll, expect, it } from "vitest";
import { makeSecrets, makeTenant } from "#test/e2e/injection";
import { counterContainer } from "#test/e2e/pods";
import { eventually, kubeconfigOf, lab } from "#test/e2e/scenario";

const cluster = lab();
const [first, second] = cluster.nodes;
const namespace = "inj-restore";
const inNamespace = ["-n", namespace];

beforeAll(async () => {
  await makeTenant(cluster, namespace);
  await makeSecrets(cluster, namespace, "alice");
  await cluster.apply(
    {
      apiVersion: "clouder.datalayer.io/v1alpha1",
      kind: "InjectionPolicy",
      metadata: { name: "keys", namespace },
      spec: {
        user: { from: "PodLabel" },
        inject: [
          { name: "key", secret: { name: "{user}-keys", as: "Env", keys: [{ key: "API_TOKEN" }] } },
          { name: "ssh", secret: { name: "ssh-{user}", as: "Files", mountPath: "/etc/user-ssh" } },
        ],
      },
    },
    ...["alice", "mallory"].flatMap((name) => [
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
      bindingOf(name, { kind: "ClusterRole", name: "edit" }),
    ]),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "is-alice", namespace },
      rules: [
        {
          apiGroups: ["clouder.datalayer.io"],
          resources: ["injectionusers"],
          resourceNames: ["alice"],
          verbs: ["use"],
        },
      ],
    },
    bindingOf("alice", { kind: "Role", name: "is-alice" }, "-herself"),
  );
  await cluster.kubectl([
    ...["wait", ...inNamespace, "--for=condition=Ready", "injectionpolicy/keys", "--timeout=60s"],
  ]);
}, 120_000);

afterAll(async () => {
  await cluster.kubectl(["delete", "checkpoints", "--all", ...inNamespace]);
  await cluster.kubectl(["delete", "namespace", namespace, "--wait=false"]);
}, 120_000);

function bindingOf(name: string, roleRef: { kind: string; name: string }, more = ""): object {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: `${name}${more}`, namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", ...roleRef },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  };
}

interface PodView {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly { readonly env: readonly { readonly name: string }[] }[];
    readonly volumes: readonly { readonly name: string }[];
  };
}

async function view(): Promise<PodView> {
  const { stdout } = await cluster.kubectl(["get", "pod", "mine", ...inNamespace, "-o", "json"]);
  return JSON.parse(stdout) as PodView;
}

it("M5: an injected pod's checkpoint names its secrets, comes back once injected, and only to its user", async () => {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "mine",
      namespace,
      labels: { "runtime-pools.datalayer.io/user-uid": "alice" },
    },
    spec: {
      nodeName: first,
      runtimeClassName: "clouder",
      terminationGracePeriodSeconds: 0,
      containers: [counterContainer("c")],
    },
  };
  await cluster.kubectl(["create", "-f", "-", "--as", `system:serviceaccount:${namespace}:alice`], {
    stdin: JSON.stringify(pod),
  });
  await cluster.kubectl([
    ...["wait", ...inNamespace, "--for=condition=Ready", "pod/mine", "--timeout=90s"],
  ]);
  const before = await view();
  expect(before.spec.containers[0]?.env.map(({ name }) => name)).toContain("API_TOKEN");

  const { stdout } = await cluster.clouder([
    ...["checkpoint", "pod", "mine", ...inNamespace, "-o", "name"],
  ]);
  const id = stdout.trim().replace(/^.*\//, "");
  const shown = await cluster.clouder(["checkpoint", "show", id, ...inNamespace]);
  expect(shown.stdout).toMatch(/sensitive: +Secret alice-keys: variable API_TOKEN/i);
  expect(shown.stdout).toMatch(/sensitive: +Secret ssh-alice: files of \/etc\/user-ssh/i);
  expect(shown.stdout).not.toMatch(/token-of-alice/);
  await cluster.kubectl(["delete", "pod", "mine", ...inNamespace, "--force"]);

  const restore = ["restore", "pod", id, ...inNamespace, "--node", second];
  const forged = await cluster.clouder(
    [...restore, "--kubeconfig", (await kubeconfigOf(cluster, "mallory", namespace)).file],
    {
      allowFailure: true,
    },
  );
  expect(forged.status).not.toBe(0);
  expect(forged.stderr).toMatch(/only who may "use" injectionusers/);
  await cluster.clouder([
    ...restore,
    "--kubeconfig",
    (await kubeconfigOf(cluster, "alice", namespace)).file,
  ]);
  const after = await view();
  const names = (one: PodView) => one.spec.containers[0]?.env.map(({ name }) => name);
  expect(names(after)).toEqual(names(before));
  const mounted = (one: PodView) =>
    one.spec.volumes.map(({ name }) => name).filter((name) => !name.startsWith("kube-api-access"));
  expect(mounted(after)).toEqual(mounted(before));
  const token = await eventually("the variable", async () => {
    const { stdout: said } = await cluster.kubectl([
      ...["exec", "mine", ...inNamespace, "--", "sh", "-c", "tr '\\0' '\\n' < /proc/1/environ"],
    ]);
    return said.includes("API_TOKEN") ? said : undefined;
  });
  expect(token).toMatch(/^API_TOKEN=token-of-alice$/m);
}, 120_000);
