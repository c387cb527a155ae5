import { afterAll, expect, it } from "vitest";
import { lab } from "#test/e2e/scenario";

const cluster = lab();
const apiVersion = "clouder.datalayer.io/v1alpha1";

interface Wanted {
  readonly kind: "Checkpoint" | "Restore" | "CheckpointStore";
  readonly name: string;
  readonly spec: object;
}

afterAll(async () => {
  await cluster.kubectl(["delete", "checkpointstore", "kinds", "--ignore-not-found"]);
});

/** What the API server says; nothing is stored unless `keep`. */
async function create({ kind, name, spec }: Wanted, keep = false): Promise<string> {
  const object = { apiVersion, kind, metadata: { name }, spec };
  const dry = keep ? [] : ["--dry-run=server"];
  const { stdout, stderr } = await cluster.kubectl(["apply", ...dry, "-f", "-"], {
    stdin: JSON.stringify(object),
    allowFailure: true,
  });
  return stdout + stderr;
}

const checkpointOf = (spec: object, name = "kinds"): Wanted => ({ kind: "Checkpoint", name, spec });
const storeOf = (spec: object): Wanted => ({ kind: "CheckpointStore", name: "kinds", spec });

it.each<readonly [string, Wanted, RegExp]>([
  ["a good checkpoint", checkpointOf({ podName: "web-0", containers: ["a", "b"] }), /created/],
  ["a pod name that is none", checkpointOf({ podName: "Web_0" }), /spec\.podName/],
  ["a container named twice", checkpointOf({ podName: "a", containers: ["a", "a"] }), /Duplicate/],
  ["no container at all", checkpointOf({ podName: "a", containers: [] }), /spec\.containers/],
  ["a name with a dot", checkpointOf({ podName: "a" }, "a.b"), /no dot/],
  [
    "a restore of nothing",
    { kind: "Restore", name: "kinds", spec: { podName: "a" } },
    /checkpointName/,
  ],
  ["a store by another protocol", storeOf({ url: "http://bucket" }), /url must be s3:/],
  ["a relative folder", storeOf({ url: "file://dir" }), /file:\/\/\//],
  ["a way out of a folder", storeOf({ url: "file:///a/../../etc" }), /must not hold \. or \.\./],
  ["credentials in the URL", storeOf({ url: "s3://key:secret@bucket" }), /no credentials/],
  ["settings of another protocol", storeOf({ url: "file:///a", s3: {} }), /spec\.s3 goes with/],
])("the API server judges %s", async (_what, wanted, answer) => {
  expect(await create(wanted)).toMatch(answer);
});

it("the place of a store cannot be changed under its checkpoints, its settings can", async () => {
  expect(await create(storeOf({ url: "s3://bucket/a" }), true)).toMatch(/created/);
  expect(await create(storeOf({ url: "s3://bucket/b" }))).toMatch(/url cannot be changed/);
  expect(await create(storeOf({ url: "s3://bucket/a", s3: { region: "eu" } }))).toMatch(
    /configured/,
  );
});

it("kubectl get shows our columns under the short names", async () => {
  const { stdout } = await cluster.kubectl(["get", "ckptstore", "kinds"]);
  expect(stdout).toMatch(/^NAME\s+URL\s+DEFAULT\s+READY\s+AGE\nkinds\s+s3:\/\/bucket\/a\s/);
  const { stdout: names } = await cluster.kubectl([
    "api-resources",
    "--categories=clouder",
    "-o",
    "name",
  ]);
  expect(names.trim().split("\n").sort()).toEqual([
    "checkpoints.clouder.datalayer.io",
    "checkpointstores.clouder.datalayer.io",
    "clusterinjectionpolicies.clouder.datalayer.io",
    "containerendpoints.clouder.datalayer.io",
    "injectionpolicies.clouder.datalayer.io",
    "restores.clouder.datalayer.io",
  ]);
});

it("who may edit a namespace may checkpoint and restore there, without a right on nodes or stores", async () => {
  const can = async (...question: readonly string[]) => {
    const as = ["-n", "default", "--as=somebody", "--as-group=editors"];
    const { stdout } = await cluster.kubectl(["auth", "can-i", ...question, ...as], {
      allowFailure: true,
    });
    return stdout.trim();
  };
  const binding = ["rolebinding", "kinds-editors", "-n", "default"];
  await cluster.kubectl(["create", ...binding, "--clusterrole=edit", "--group=editors"]);
  try {
    expect(await can("create", "checkpoints.clouder.datalayer.io")).toBe("yes");
    expect(await can("create", "restores.clouder.datalayer.io")).toBe("yes");
    expect(await can("patch", "restores.clouder.datalayer.io", "--subresource=status")).toBe("no");
    expect(await can("create", "checkpointstores.clouder.datalayer.io")).toBe("no");
    expect(await can("create", "nodes", "--subresource=checkpoint")).toBe("no");
  } finally {
    await cluster.kubectl(["delete", ...binding]);
  }
});
