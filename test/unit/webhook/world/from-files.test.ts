import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { worldFromFiles } from "#webhook/world/from-files";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-world-"));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, text: string) => writeFile(join(folder, name), text);

it("reads policies, PodDefaults, namespaces, ServiceAccounts and Secrets, but no value of one", async () => {
  await mkdir(join(folder, "deeper"));
  await write(
    "deeper/all.yaml",
    `
apiVersion: clouder.datalayer.io/v1alpha1
kind: ClusterInjectionPolicy
metadata: {name: all}
spec: {}
---
# nothing here
---
apiVersion: clouder.datalayer.io/v1alpha1
kind: InjectionPolicy
metadata: {name: mine}
spec: {}
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Namespace, metadata: {name: team, labels: {a: b}}}
  - {apiVersion: v1, kind: ServiceAccount, metadata: {name: runner, namespace: team, labels: {c: d}}}
  - {apiVersion: v1, kind: Service, metadata: {name: web}}
`,
  );
  await write(
    "secret.yml",
    `
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: team, labels: {l: v}}
data: {b: c2VjcmV0}
stringData: {a: hush}
`,
  );
  await write(
    "kubeflow.json",
    JSON.stringify({
      apiVersion: "kubeflow.org/v1alpha1",
      kind: "PodDefault",
      metadata: { name: "pd", namespace: "team" },
      spec: { selector: {} },
    }),
  );
  await write("notes.txt", "not: [yaml");
  const world = await worldFromFiles(folder, { namespace: "team" });
  const kinds = world.policies("team").map(({ kind }) => kind);
  expect([...kinds].sort()).toEqual(["ClusterInjectionPolicy", "InjectionPolicy", "PodDefault"]);
  expect(world.policies("other").map(({ kind }) => kind)).toEqual(["ClusterInjectionPolicy"]);
  expect(await world.namespaceLabels("team")).toMatchObject({ a: "b" });
  expect(await world.serviceAccountLabels("team", "runner")).toEqual({ c: "d" });
  expect(world.secrets("team")).toEqual([{ name: "s", labels: { l: "v" }, keys: ["a", "b"] }]);
  expect(JSON.stringify(world)).not.toMatch(/hush|c2VjcmV0/);
  expect(world.policyCount).toBe(3);
  expect(world.ignored).toEqual([`Service/web (${join(folder, "deeper/all.yaml")})`]);
});

it("believes nobody about a user unless it is told to", async () => {
  const creator = { username: "alice", groups: [] };
  expect(await (await worldFromFiles(folder)).mayUse(creator, "n", "u")).toBe(false);
  const mayUse = (_creator: unknown, _namespace: string, user: string) => user === "u";
  const world = await worldFromFiles(folder, { mayUse });
  expect(await world.mayUse(creator, "n", "u")).toBe(true);
  expect(await world.mayUse(creator, "n", "v")).toBe(false);
});

it.each([
  ["a: [", /is no YAML/],
  ["just: text", /without apiVersion, kind and a name/],
  ["- 1", /without apiVersion, kind and a name/],
  ["42", /without apiVersion, kind and a name/],
])("names the file that holds %j", async (text, message) => {
  await write("wrong.yaml", text);
  await expect(worldFromFiles(folder)).rejects.toThrow(message);
  await expect(worldFromFiles(folder)).rejects.toThrow(/wrong\.yaml/);
});

it("names a folder that is not there", async () => {
  await expect(worldFromFiles(join(folder, "none"))).rejects.toMatchObject({ code: "usage" });
});
