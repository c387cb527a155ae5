import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  currentContext,
  listContexts,
  removeContext,
  setContext,
  syncContexts,
  type AccountSources,
} from "#bootstrap/contexts/contexts";

const subscription = "11111111-2222-3333-4444-555555555555";
const account = "012345678901";
const sources: AccountSources = {
  azure: () => Promise.resolve([{ id: subscription, name: "research" }]),
  aws: () => Promise.resolve([{ id: account, name: "user/ops" }]),
};
const nobody: AccountSources = {
  azure: () => Promise.reject(new Error("DefaultAzureCredential failed")),
  aws: () => Promise.reject(new Error("Unable to locate credentials")),
};

let home: string;
let file: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-contexts-"));
  file = join(home, ".clouder", "clouder.yaml");
});
afterEach(() => rm(home, { recursive: true }));

describe("A1 ctx init", () => {
  it("A1 writes the accounts of both clouds as listing A has them, ids quoted, private", async () => {
    expect(await syncContexts(home, sources)).toMatchObject({ added: 2, updated: 0 });
    expect(await readFile(file, "utf8")).toBe(`clouder:
  version: 1.0.0
  default_context: "azure:::${subscription}"
  current_context: "azure:::${subscription}"
  contexts:
    ovh: {}
    azure:
      "${subscription}":
        name: research
    aws:
      "${account}":
        name: user/ops
  default_kubeconfig_path: null
  default_ssh_key: null
  default_kubeadm_cluster: null
`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, ".clouder"))).mode & 0o777).toBe(0o700);
  });

  it("A1 merges: current context, SSH key and default cluster survive, ids keep their zero", async () => {
    await syncContexts(home, sources);
    await setContext(home, "aws", account, sources);
    const text = (await readFile(file, "utf8"))
      .replace("default_ssh_key: null", "default_ssh_key: ~/.ssh/id_ed25519")
      .replace("default_kubeadm_cluster: null", "default_kubeadm_cluster: dev")
      .replace(`"${account}":`, `${account}:`)
      .replace("name: research", "name: old");
    await writeFile(file, text);
    expect(await syncContexts(home, sources)).toMatchObject({ added: 0, updated: 1 });
    const after = await readFile(file, "utf8");
    expect(after).toContain(`current_context: "aws:::${account}"`);
    expect(after).toContain("default_ssh_key: ~/.ssh/id_ed25519");
    expect(after).toContain("default_kubeadm_cluster: dev");
    expect(after).toContain(`"${account}":`);
    expect(after).toContain("name: research");
  });

  it("A1 names each cloud that is not listed, with its cause, and keeps its accounts", async () => {
    await syncContexts(home, sources);
    const half = { ...sources, azure: nobody.azure };
    const { notListed, contexts } = await syncContexts(home, half);
    expect(notListed).toEqual([{ cloud: "azure", cause: "DefaultAzureCredential failed" }]);
    expect(contexts).toHaveLength(2);
  });
});

describe("A2 ctx set", () => {
  it("A2 chooses an account, and makes the file where there is none", async () => {
    await setContext(home, "aws", account, sources);
    expect(await currentContext(home)).toMatchObject({ context: `aws:::${account}` });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ["an unknown cloud", "gcp", account, "usage"],
    ["an account that the login does not see", "aws", "999999999999", "not-found"],
  ])("A2 rejects %s and changes nothing", async (_what, cloud, id, code) => {
    await expect(setContext(home, cloud, id, sources)).rejects.toMatchObject({ code });
    expect(await listContexts(home)).toEqual([]);
  });
});

it("A3 ctx rm takes a context out, but not the current one", async () => {
  await syncContexts(home, sources);
  await expect(removeContext(home, `azure:::${subscription}`)).rejects.toMatchObject({
    code: "refused",
  });
  await removeContext(home, `aws:::${account}`);
  expect((await listContexts(home)).map(({ context }) => context)).toEqual([
    `azure:::${subscription}`,
  ]);
});

it("A1 a file that is no YAML is left alone and named", async () => {
  await syncContexts(home, sources);
  await writeFile(file, "clouder: [");
  await expect(syncContexts(home, sources)).rejects.toMatchObject({ code: "config" });
  expect(await readFile(file, "utf8")).toBe("clouder: [");
});

it.each([
  ["foo: 1\n", "it has no section clouder"],
  ["clouder: [x\n", "Flow sequence"],
  ["clouder: 7\n", "it has no section clouder"],
])("A1 %j is told in one line, with the cure", async (text, why) => {
  await syncContexts(home, sources);
  await writeFile(file, text);
  const message = expect.stringContaining(why) as string;
  const wrong = {
    ...{ code: "config", message },
    hint: expect.stringMatching("ctx init") as string,
  };
  await expect(listContexts(home)).rejects.toMatchObject(wrong);
  await expect(listContexts(home)).rejects.not.toThrow("\n");
});
