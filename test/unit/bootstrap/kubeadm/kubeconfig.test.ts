import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { renamed, type Kubeconfig } from "#bootstrap/kubeadm/kubeconfig";
import { mergeKubeconfig, unmergeKubeconfig } from "#bootstrap/merge-kubeconfig";

const admin = `
apiVersion: v1
kind: Config
current-context: kubernetes-admin@lab
clusters: [{name: lab, cluster: {server: "https://api.lab.clouder.internal:6443", certificate-authority-data: Q0E=}}]
users: [{name: kubernetes-admin, user: {client-certificate-data: Yw==, client-key-data: aw==}}]
contexts: [{name: kubernetes-admin@lab, context: {cluster: lab, user: kubernetes-admin}}]
`;
let folder: string;
let ours: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-kubeconfig-"));
  ours = await renamed(admin, "lab", "https://10.0.0.4:6443");
});
afterAll(() => rm(folder, { recursive: true }));
const read = async (path: string) => parse(await readFile(path, "utf8")) as Kubeconfig;

test("context, cluster and user are named after the cluster, the server is the reachable one (G1)", () => {
  expect(parse(ours)).toEqual({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "lab",
    clusters: [
      {
        name: "lab",
        cluster: { server: "https://10.0.0.4:6443", "certificate-authority-data": "Q0E=" },
      },
    ],
    users: [
      { name: "lab", user: { "client-certificate-data": "Yw==", "client-key-data": "aw==" } },
    ],
    contexts: [{ name: "lab", context: { cluster: "lab", user: "lab" } }],
  });
});

describe("merging into the user's kubeconfig", () => {
  test("makes a private file where there is none", async () => {
    const path = join(folder, "new", "config");
    await mergeKubeconfig(path, ours, "uid-1");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await read(path))["current-context"]).toBe("lab");
  });

  test("keeps what others have there, and takes only ours out again", async () => {
    const path = join(folder, "shared");
    const other = admin.replaceAll("lab", "other").replaceAll("kubernetes-admin", "jane");
    await writeFile(path, `${other}preferences: {colors: true}\n`);
    await mergeKubeconfig(path, ours, "uid-1");
    await mergeKubeconfig(path, ours, "uid-2");
    expect((await read(path)).clusters.map(({ name }) => name)).toEqual(["other", "lab"]);
    await unmergeKubeconfig(path, "lab", "uid-1");
    expect((await read(path)).clusters).toHaveLength(2);
    await unmergeKubeconfig(path, "lab", "uid-2");
    expect(await read(path)).toMatchObject({
      clusters: [{ name: "other" }],
      users: [{ name: "jane" }],
      contexts: [{ name: "jane@other" }],
      preferences: { colors: true },
    });
  });

  test("refuses to replace an entry of the same name and another origin", async () => {
    const path = join(folder, "foreign");
    await writeFile(path, admin);
    await expect(mergeKubeconfig(path, ours, "uid-1")).rejects.toMatchObject({ code: "exists" });
    expect(await readFile(path, "utf8")).toBe(admin);
    await unmergeKubeconfig(path, "lab", "uid-1");
    expect(await readFile(path, "utf8")).toBe(admin);
  });

  test("waits for nobody: a file that kubectl has locked is busy", async () => {
    const path = join(folder, "locked");
    await writeFile(`${path}.lock`, "");
    await expect(mergeKubeconfig(path, ours, "uid")).rejects.toMatchObject({
      code: "busy",
      retryable: true,
    });
  });
});
