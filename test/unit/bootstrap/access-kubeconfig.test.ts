import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { giveAccess, type AccessRequest } from "#bootstrap/access-kubeconfig";
import { clusterFolder, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { loadSpec } from "#bootstrap/spec/load";
import { clusterRoleBindings, roleBindings, serviceAccounts } from "#kube/resources";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";

let home: string;
let kube: FakeKube;
let asked: { readonly path: string; readonly body: unknown }[];
const admin = `
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: "https://198.51.100.9:6443", certificate-authority-data: Q0E=}}]
users: [{name: dev, user: {client-certificate-data: Y3J0, client-key-data: c2VjcmV0}}]
contexts: [{name: dev, context: {cluster: dev, user: dev}}]
`;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-access-"));
  const flags = { name: "dev", provider: "ssh", hosts: ["root@m"], workers: 0 };
  const spec = loadSpec({ flags, defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" } });
  const folder = clusterFolder(home, "dev");
  await writeRecord(folder, recordOf(spec, { uid: "u", created_at: "now" }, true));
  await writeFile(join(folder, "kubeconfig"), admin, { mode: 0o600 });
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" };
  kube = createFakeKube([
    { ...role, metadata: { name: "view" } },
    { ...role, metadata: { name: "edit" } },
  ]);
  asked = [];
  kube.answerRaw = (_method, path, body = "") => {
    asked.push({ path, body: JSON.parse(body) as unknown });
    const status = { token: "t0ken", expirationTimestamp: "2026-11-21T18:00:00Z" };
    return { status: 201, body: JSON.stringify({ status }) };
  };
});
afterEach(() => rm(home, { recursive: true }));

const give = (over: Partial<AccessRequest> = {}) =>
  giveAccess(
    { home, cluster: "dev", role: "view", seconds: 3600, ...over },
    { connect: () => Promise.resolve(kube) },
  );

test("G1 a kubeconfig with one role's rights ends by itself and holds nothing of the administrator's", async () => {
  const given = await give({ user: "ana" });
  expect(given).toEqual({
    path: join(clusterFolder(home, "dev"), "kubeconfig-ana"),
    ...{ user: "ana", role: "view", expires: "2026-11-21T18:00:00Z" },
  });
  expect((await stat(given.path)).mode & 0o777).toBe(0o600);
  const text = await readFile(given.path, "utf8");
  expect(text).not.toMatch(/c2VjcmV0|client-/);
  expect(parse(text)).toMatchObject({
    "current-context": "dev-ana",
    clusters: [{ cluster: { server: "https://198.51.100.9:6443" } }],
    users: [{ name: "dev-ana", user: { token: "t0ken" } }],
  });
  expect(asked).toEqual([
    {
      path: "/api/v1/namespaces/clouder-access/serviceaccounts/ana/token",
      body: expect.objectContaining({ spec: { expirationSeconds: 3600 } }) as object,
    },
  ]);
  const name = { name: "ana", namespace: "clouder-access" };
  expect(kube.peek(serviceAccounts, name)).toMatchObject({ automountServiceAccountToken: false });
  expect(kube.peek(clusterRoleBindings, { name: "clouder-access:ana:view" })).toMatchObject({
    ...{ roleRef: { name: "view" }, subjects: [name] },
  });
});

test("G1 rights in one namespace are bound there alone", async () => {
  const given = await give({ namespace: "team" });
  const name = "clouder-access:view:view";
  expect(kube.peek(roleBindings, { name, namespace: "team" })).toBeDefined();
  expect(await kube.list(clusterRoleBindings)).toEqual([]);
  expect(parse(await readFile(given.path, "utf8"))).toMatchObject({
    contexts: [{ context: { namespace: "team" } }],
  });
});

test("G1 another role takes the place of the one before", async () => {
  await give({ user: "ana", role: "edit" });
  await give({ user: "ben", role: "edit" });
  await give({ user: "ana", namespace: "team" });
  const names = async (kind: typeof roleBindings) =>
    (await kube.list(kind)).map(({ metadata }) => metadata.name);
  expect(await names(clusterRoleBindings)).toEqual(["clouder-access:ben:edit"]);
  expect(await names(roleBindings)).toEqual(["clouder-access:ana:view"]);
});

test("G1 a role that there is not is refused before anything is made", async () => {
  await expect(give({ role: "veiw" })).rejects.toMatchObject({
    ...{ code: "not-found", message: "the cluster has no ClusterRole veiw" },
  });
  expect(kube.calls.map(({ verb }) => verb)).toEqual(["get"]);
});

test("G1 a life that the API server does not give is its refusal", async () => {
  const message = "may not specify a duration less than 10 minutes";
  kube.answerRaw = () => ({ status: 422, body: JSON.stringify({ message }) });
  await expect(give({ seconds: 5 })).rejects.toMatchObject({
    ...{ code: "refused", message: expect.stringContaining(message) as string },
  });
  await expect(stat(join(clusterFolder(home, "dev"), "kubeconfig-view"))).rejects.toThrow("ENOENT");
});
