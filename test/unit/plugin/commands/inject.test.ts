import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyPatch } from "rfc6902";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { ClouderError } from "#core/error";
import type { KubeObject } from "#kube/kube";
import explain from "#plugin/commands/inject/explain";
import exportCommand from "#plugin/commands/inject/export";
import { createFakeKube } from "#test/fakes/kube";
import { runCommand } from "#test/unit/plugin/commands/run";

let folder = "";
const file = (name: string) => join(folder, name);

const policies: readonly KubeObject[] = [
  {
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind: "ClusterInjectionPolicy",
    metadata: { name: "base" },
    spec: {
      user: { from: "PodLabel", untrusted: "SkipAndWarn" },
      inject: [
        { name: "mode", env: [{ name: "MODE", value: "prod" }] },
        { name: "login", secret: { name: "login-{user}", as: "EnvFrom" } },
        { name: "home", home: { claim: { size: "1Gi" }, mounts: [{ mountPath: "/home" }] } },
      ],
    },
  } as KubeObject,
];
const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "nb", labels: { "runtime-pools.datalayer.io/user-uid": "ada" } },
  spec: { containers: [{ name: "c", image: "x", env: [{ name: "MODE", value: "mine" }] }] },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-inject-"));
  const write = (name: string, ...objects: readonly unknown[]) =>
    writeFile(file(name), objects.map((one) => `---\n${stringify(one)}`).join(""));
  await mkdir(file("policies"));
  await mkdir(file("nothing"));
  await write("pod.yaml", pod);
  await write("base.yaml", ...policies);
  const other = { apiVersion: "v1", kind: "Service", metadata: { name: "s" } };
  await write("policies/all.yaml", ...policies, other);
  await write("deployment.yaml", {
    kind: "Deployment",
    metadata: { name: "nb", namespace: "team" },
    spec: { template: { metadata: pod.metadata, spec: pod.spec } },
  });
  await write("cron.yaml", {
    kind: "CronJob",
    metadata: { name: "nb" },
    spec: { jobTemplate: { spec: { template: { metadata: pod.metadata, spec: pod.spec } } } },
  });
  await write("review.json", {
    kind: "AdmissionReview",
    request: { object: pod, namespace: "team", userInfo: { username: "hub", groups: ["g"] } },
  });
  await write("service.yaml", { kind: "Service", metadata: { name: "s" }, spec: {} });
  await writeFile(file("broken.yaml"), "a: [");
  await writeFile(file("empty.yaml"), "");
});
afterAll(() => rm(folder, { recursive: true }));

const offline = (name: string, ...more: readonly string[]) => {
  const argv = ["-f", file(name), "--policies", file("policies"), ...more];
  return runCommand("inject:explain", explain, argv);
};
const explainPod = (...more: readonly string[]) => offline("pod.yaml", ...more);

describe("inject explain, without a cluster", () => {
  it("shows verdict, policies, items, claims, warnings and the diff", async () => {
    const { stdout, exitCode, notes } = await explainPod("--may-use", "ada");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^The pod would be injected for user ada, by \d+ changes/);
    expect(stdout).toMatch(/ClusterInjectionPolicy\/base +yes/);
    expect(stdout).toMatch(/kept +containers\/c env MODE +ClusterInjectionPolicy\/base +mode/);
    expect(stdout).toMatch(/CLAIM +SIZE[^\n]*\nhome-ada +1Gi/);
    expect(stdout).toMatch(/^\+ +name: login-ada$/m);
    expect(stdout).not.toMatch(/^- /m);
    expect(notes.join("\n")).toContain("Service/s");
  });

  it("M3: believes nobody when nothing vouches for the user, and says so", async () => {
    const { stdout } = await explainPod();
    expect(stdout).toMatch(/Warnings:\n.*ada/);
    expect(stdout).not.toContain("login-ada");
  });

  it("-o patch is the patch itself, and applies", async () => {
    const { stdout } = await explainPod("--may-use", "ada", "-o", "patch");
    const after = structuredClone(pod) as typeof pod & {
      spec: { volumes?: readonly { readonly persistentVolumeClaim?: object }[] };
    };
    expect(applyPatch(after, JSON.parse(stdout) as never)).toEqual(
      expect.not.arrayContaining([expect.any(Error)]),
    );
    expect(after.spec.volumes?.[0]?.persistentVolumeClaim).toEqual({ claimName: "home-ada" });
  });

  it("-o json holds all of it", async () => {
    const { stdout } = await explainPod("--may-use", "ada", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({
      allowed: true,
      user: "ada",
      policies: [{ policy: "ClusterInjectionPolicy/base", matched: true }],
      claims: [{ name: "home-ada" }],
    });
  });

  it("takes the pod and its creator out of an AdmissionReview", async () => {
    const { stdout } = await offline("review.json", "--may-use", "ada", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({ allowed: true, user: "ada" });
  });

  it.each([
    ["deployment.yaml", "replicaset-controller"],
    ["cron.yaml", "job-controller"],
  ])("M3: the pod of %s is made by the %s, whoever may use its user", async (name, controller) => {
    const { stdout } = await offline(name, "--may-use", "ada", "-o", "json");
    const { user, warnings } = JSON.parse(stdout) as Record<string, unknown>;
    expect(user).toBeUndefined();
    expect(String(warnings)).toContain(`the pod was made by ${controller}`);
    const trusted = ["--as", "system:serviceaccount:hub:spawner"];
    expect((await offline(name, "--may-use", "ada", ...trusted)).stdout).toMatch(
      /the pod was made for the (Deployment|CronJob) nb/,
    );
  });

  it("says that a folder has no policy, and that an empty creator is none", async () => {
    const empty = ["-f", file("pod.yaml"), "--policies", file("nothing")];
    const { stdout, notes } = await runCommand("inject:explain", explain, empty);
    expect(stdout).toBe("Nothing would be changed: no policy is in sight\n");
    expect(notes.join()).toContain(`there is no policy in ${file("nothing")}`);
    await expect(explainPod("--as", "")).rejects.toThrow("--as is empty");
  });

  it.each([
    ["service.yaml", /holds a Service, and no pod with containers/],
    ["empty.yaml", /holds no Kubernetes object, and no pod/],
    ["broken.yaml", /broken\.yaml is no YAML/],
    ["absent.yaml", /cannot read .*absent\.yaml/],
  ])("says what is wrong with %s", async (name, message) => {
    await expect(offline(name)).rejects.toThrow(message);
  });

  it("wants a file, a user for groups, and no rights besides a cluster's own", async () => {
    await expect(runCommand("inject:explain", explain, [])).rejects.toMatchObject({
      code: "usage",
    });
    await expect(explainPod("--as-group", "g")).rejects.toThrow("--as-group needs --as");
    const both = ["-f", file("pod.yaml"), "--may-use", "ada"];
    await expect(runCommand("inject:explain", explain, both)).rejects.toThrow(
      "--may-use is for --policies",
    );
  });
});

describe("inject explain, by a cluster", () => {
  const cluster = (allowed: boolean) => {
    const kube = createFakeKube(policies);
    const asked: unknown[] = [];
    kube.answerRaw = () => ({
      status: 201,
      body: JSON.stringify({ status: { userInfo: { username: "carol", groups: [] } } }),
    });
    return {
      asked,
      kube: {
        ...kube,
        raw: (...call: Parameters<typeof kube.raw>) => kube.raw(...call),
        create: (_resource: unknown, object: KubeObject) => {
          asked.push(object);
          return Promise.resolve({ ...object, status: { allowed } } as never);
        },
      },
      fake: kube,
    };
  };
  const live = (kube: ReturnType<typeof cluster>["kube"], ...argv: readonly string[]) =>
    runCommand("inject:explain", explain, ["-f", file("pod.yaml"), "-n", "team", ...argv], {
      kube: () => Promise.resolve(kube),
    });

  it("asks about the caller's own rights, and makes no pod", async () => {
    const { asked, kube } = cluster(true);
    const { stdout } = await live(kube);
    expect(stdout).toContain("for user ada");
    expect(asked).toMatchObject([
      {
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { verb: "use", name: "ada", namespace: "team" } },
      },
    ]);
  });

  it("with --as asks about somebody else's, groups of ServiceAccounts included", async () => {
    const { asked, kube } = cluster(false);
    await live(kube, "--as", "system:serviceaccount:hub:spawner", "--as-group", "x");
    expect(asked).toMatchObject([
      {
        kind: "SubjectAccessReview",
        spec: {
          user: "system:serviceaccount:hub:spawner",
          groups: [
            "x",
            "system:serviceaccounts",
            "system:serviceaccounts:hub",
            "system:authenticated",
          ],
        },
      },
    ]);
  });

  it("says what the caller may not read, and goes on with the rest", async () => {
    const { kube, fake } = cluster(true);
    fake.intercept = ({ verb, kind }) => {
      if (verb === "list" && kind === "ClusterInjectionPolicy") {
        throw new ClouderError("denied", "cannot list");
      }
    };
    const { notes, stdout } = await live(kube);
    expect(notes).toContain("you may not read clusterinjectionpolicies: what they say is left out");
    expect(stdout).toContain("Nothing would be changed: no policy is in sight");
  });

  it("says when the namespace or the webhook is not there, unless that may not be seen", async () => {
    const { kube, fake } = cluster(true);
    expect((await live(kube)).notes).toEqual([
      'there is no namespace "team"',
      "the webhook is not installed: this is what it would do",
    ]);
    fake.seed(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } },
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "MutatingWebhookConfiguration",
        metadata: { name: "clouder-webhook" },
      },
    );
    expect((await live(kube)).notes).toEqual([]);
    fake.intercept = ({ verb, kind }) => {
      if (verb === "get" && kind === "MutatingWebhookConfiguration") {
        throw new ClouderError("denied", "cannot get");
      }
    };
    expect((await live(kube)).notes).toEqual([]);
  });
});

describe("inject export", () => {
  const run = (argv: readonly string[], objects = policies) =>
    runCommand("inject:export", exportCommand, argv, {
      kube: () => Promise.resolve(createFakeKube(objects)),
    });

  it.each([[["base"]], [["-f", "base.yaml"]]])(
    "prints the objects, and what they leave out apart: %j",
    async (argv) => {
      const { stdout, notes } = await run(
        argv.map((word) => word.replace("base.yaml", file("base.yaml"))),
      );
      const kinds = parseAllDocuments(stdout).map((one) => (one.toJS() as KubeObject).kind);
      expect(kinds).toEqual(["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"]);
      expect(notes.join("\n")).toContain("not expressed: item login: needs to know the pod's user");
    },
  );

  it("says what is wrong with what was given", async () => {
    await expect(run([])).rejects.toThrow("give either a policy's name or a file");
    await expect(run(["base", "-f", "x"])).rejects.toThrow("give either");
    await expect(run(["base", "--as", "kyverno"])).rejects.toMatchObject({ code: "usage" });
    await expect(run(["other"])).rejects.toThrow('there is no policy "other"');
    await expect(run(["-f", file("pod.yaml")])).rejects.toThrow("holds 0 policies, not one");
    await expect(run(["-f", file("broken.yaml")])).rejects.toThrow("is no YAML");
  });
});
