import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lab } from "#test/e2e/scenario";

/** The ValidatingAdmissionPolicies that come along, on the API server that evaluates them. */

const cluster = lab();
const namespace = "inj-guards";
const required = "inj-required";
const off = "inj-off";
const group = "clouder.datalayer.io";
const userLabel = "runtime-pools.datalayer.io/user-uid";
const [marked, whose] = [`${group}/injected`, `${group}/injected-user`];

/** May edit pods, ServiceAccounts and claims, and `use` carol, nobody else. */
const editor = ["--as", "inj-editor"];
const controller = [
  ...["--as", `system:serviceaccount:clouder-system:clouder-injection-controller`],
];

interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const pod = (metadata: Meta, spec: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace, ...metadata },
  spec: { ...spec, containers: [{ name: "c", image: "docker.io/clouder/busybox:1" }] },
});
const account = (metadata: Meta) => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { namespace, ...metadata },
});
const claim = (metadata: Meta) => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { namespace, ...metadata },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
});

beforeAll(async () => {
  const rbac = "rbac.authorization.k8s.io/v1";
  const namespaced = (name: string, inject?: string) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, ...(inject ? { labels: { [`${group}/inject`]: inject } } : {}) },
  });
  await cluster.apply(
    namespaced(namespace),
    namespaced(required, "required"),
    namespaced(off, "disabled"),
  );
  await cluster.apply(
    {
      apiVersion: rbac,
      kind: "Role",
      metadata: { name: "editor", namespace },
      rules: [
        {
          apiGroups: [""],
          resources: ["pods", "serviceaccounts", "persistentvolumeclaims"],
          verbs: ["*"],
        },
        {
          apiGroups: [group],
          resources: ["injectionusers"],
          resourceNames: ["carol"],
          verbs: ["use"],
        },
      ],
    },
    {
      apiVersion: rbac,
      kind: "RoleBinding",
      metadata: { name: "editor", namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "editor" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "inj-editor" }],
    },
    account({ name: "default" }),
    { ...account({ name: "default" }), metadata: { name: "default", namespace: required } },
    { ...account({ name: "default" }), metadata: { name: "default", namespace: off } },
  );
  await cluster.apply(
    // Never pulled or started: no node has this name.
    pod({ name: "warm" }, { nodeSelector: { "kubernetes.io/hostname": "none" } }),
    pod(
      { name: "owned", labels: { [userLabel]: "bob" } },
      { nodeSelector: { "kubernetes.io/hostname": "none" } },
    ),
    account({ name: "carols", labels: { [`${group}/user`]: "carol" } }),
    claim({ name: "home-bob", labels: { [`${group}/home-of`]: "bob" } }),
    claim({ name: "plain" }),
  );
});

afterAll(async () => {
  await cluster.kubectl(["delete", "namespace", namespace, required, off, "--wait=false"]);
});

/** What the API server says; nothing is stored. */
async function said(args: readonly string[], object?: object): Promise<string> {
  const file = object === undefined ? [] : ["-f", "-"];
  const { stdout, stderr } = await cluster.kubectl([...args, ...file, "--dry-run=server"], {
    ...(object === undefined ? {} : { stdin: JSON.stringify(object) }),
    allowFailure: true,
  });
  return stdout + stderr;
}
const create = (object: object, who: readonly string[] = []) => said(["create", ...who], object);
const label = (what: string, value: string, who: readonly string[] = editor) =>
  said(["label", "-n", namespace, ...what.split(" "), value, "--overwrite", ...who]);

describe("M3: labels that name a user", () => {
  it("of a pod cannot be changed or taken away, by nobody", async () => {
    const refused = /cannot be changed or removed/;
    expect(await label("pod owned", `${userLabel}=carol`)).toMatch(refused);
    expect(await label("pod owned", `${userLabel}-`)).toMatch(refused);
    expect(await label("pod owned", `${userLabel}=carol`, [])).toMatch(refused);
    expect(await label("pod owned", "other=1")).toMatch(/labeled/);
    const patch = JSON.stringify({ metadata: { labels: { [userLabel]: "carol" } } });
    expect(
      await said([
        ...["patch", "pod", "owned", "-n", namespace, "--subresource=status"],
        ...["--type=merge", "-p", patch],
      ]),
    ).toMatch(refused);
  });

  it("are given to a warm pod by who may use the user, and by nobody else", async () => {
    expect(await label("pod warm", `${userLabel}=bob`)).toMatch(/may "use"|only who may/);
    expect(await label("pod warm", `${userLabel}=carol`)).toMatch(/labeled/);
  });

  it("of a ServiceAccount are chosen by who may use the user", async () => {
    const named = (user: string) => account({ name: "new", labels: { [`${group}/user`]: user } });
    expect(await create(named("bob"), editor)).toMatch(/only who may/);
    expect(await create(named("carol"), editor)).toMatch(/created/);
    expect(await label("serviceaccount carols", `${group}/user=bob`)).toMatch(/only who may/);
    expect(await label("serviceaccount carols", "other=1")).toMatch(/labeled/);
  });

  it("of a home are the controller's, or of who may use the user", async () => {
    const home = (user: string) => claim({ name: "new", labels: { [`${group}/home-of`]: user } });
    const refused = /the label that names the user of a home/;
    expect(await create(home("bob"), editor)).toMatch(refused);
    expect(await create(home("carol"), editor)).toMatch(/created/);
    expect(await create(home("bob"), controller)).toMatch(/created/);
    expect(await label("pvc home-bob", `${group}/home-of=carol`)).toMatch(refused);
    expect(await label("pvc home-bob", `${group}/home-of-`)).toMatch(refused);
    expect(await label("pvc home-bob", "other=1")).toMatch(/labeled/);
    expect(await label("pvc plain", `${group}/home-of=bob`)).toMatch(refused);
  });
});

describe("marks of injection", () => {
  it("cannot be put on, or changed on, a pod that exists", async () => {
    const annotate = (value: string) => said(["annotate", "pod", "owned", "-n", namespace, value]);
    expect(await annotate(`${marked}=a/b`)).toMatch(/cannot be changed/);
    expect(await annotate(`${whose}=carol`)).toMatch(/cannot be changed/);
    expect(await annotate("other=1")).toMatch(/annotated/);
  });

  it.each<readonly [string, object]>([
    [
      "labelled to be left out",
      pod({
        name: "new",
        labels: { [`${group}/inject`]: "disabled" },
        annotations: { [marked]: "a/b" },
      }),
    ],
    [
      "of a namespace that is left out",
      pod({ name: "new", namespace: off, annotations: { [whose]: "carol" } }),
    ],
    [
      "of a critical class",
      pod(
        { name: "new", annotations: { [marked]: "a/b" } },
        { priorityClassName: "system-node-critical" },
      ),
    ],
  ])("cannot be forged on a pod %s", async (_what, object) => {
    expect(await create(object)).toMatch(/this pod is not injected/);
  });

  it("stay on a pod that is restored with them", async () => {
    const annotations = { [marked]: "a/b", [`${group}/restore`]: "some-uid" };
    const restored = pod({ name: "new", annotations }, { runtimeClassName: "clouder" });
    expect(await create(restored)).toMatch(/created/);
  });
});

it("F4: where injection is required, a user's pod that got nothing is refused", async () => {
  const bare = { name: "new", namespace: required };
  const labels = { [userLabel]: "bob" };
  expect(await create(pod(bare))).toMatch(/created/);
  expect(await create(pod({ ...bare, labels }))).toMatch(/requires injection/);
  const annotations = { [`${group}/restore`]: "some-uid" };
  // The annotation alone restores nothing.
  expect(await create(pod({ ...bare, labels, annotations }))).toMatch(/requires injection/);
  const restored = pod({ ...bare, labels, annotations }, { runtimeClassName: "clouder" });
  expect(await create(restored)).toMatch(/created/);
});
