import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clusterFolder, recordOf, writeRecord } from "#bootstrap/cluster-folder";
import { loadSpec } from "#bootstrap/spec/load";
import addonDisable from "#plugin/commands/addon/disable";
import addonList from "#plugin/commands/addon/list";
import clusterDelete from "#plugin/commands/cluster/delete";
import create from "#plugin/commands/cluster/create";
import list from "#plugin/commands/cluster/list";
import plan from "#plugin/commands/cluster/plan";
import upgrade from "#plugin/commands/cluster/upgrade";
import kubeconfig from "#plugin/commands/cluster/kubeconfig";
import ctxSet from "#plugin/commands/ctx/set";
import etcdRestore from "#plugin/commands/etcd/restore";
import disableIngress from "#plugin/commands/kubeadm/disable-ingress-traefik";
import nodeList from "#plugin/commands/node/list";
import nodeRemove from "#plugin/commands/node/remove";
import poolDelete from "#plugin/commands/nodepool/delete";
import poolList from "#plugin/commands/nodepool/list";
import type { CommandDefinition } from "#plugin/cli/command";
import { runCommand } from "./run.ts";

let home: string;
let asked: string[];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-mistakes-"));
  asked = [];
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** A cluster whose create was broken off; nobody listens at its host. */
async function halfMade(): Promise<void> {
  const spec = loadSpec({
    flags: { name: "half", provider: "ssh", hosts: ["root@127.0.0.1:1"] },
    defaults: { kubernetesVersion: "v1.36.3", bundle: "/b" },
  });
  const identity = { uid: "u", created_at: "2026-11-21T00:00:00.000Z" };
  await writeRecord(clusterFolder(home, "half"), recordOf(spec, identity, false));
}

const run = (id: string, definition: CommandDefinition, ...argv: readonly string[]) =>
  runCommand(id, definition, argv, {
    environment: { HOME: home },
    confirm: (question) => {
      asked.push(question);
      return Promise.resolve(false);
    },
  });

describe("before a question", () => {
  const changes: readonly (readonly [string, CommandDefinition, readonly string[]])[] = [
    ["cluster:upgrade", upgrade, []],
    ["etcd:restore", etcdRestore, ["x.db"]],
    ["node:remove", nodeRemove, ["half-node-1"]],
    ["nodepool:delete", poolDelete, ["workers"]],
    ["addon:disable", addonDisable, ["traefik"]],
    ["kubeadm:disable-ingress-traefik", disableIngress, []],
  ];

  test.each(changes)("%s tells that there is no such cluster", async (id, definition, more) => {
    await expect(run(id, definition, "nope", ...more)).rejects.toMatchObject({
      ...{ code: "not-found", message: 'there is no cluster "nope"' },
    });
    expect(asked).toEqual([]);
  });

  test.each(changes)("%s tells that the cluster is half made", async (id, definition, more) => {
    await halfMade();
    await expect(run(id, definition, "half", ...more)).rejects.toMatchObject({
      ...{ code: "refused", message: 'the cluster "half" is not complete yet' },
      hint: "complete it first: kubectl clouder kubeadm setup half",
    });
    expect(asked).toEqual([]);
  });
});

test.each([
  ["node:list", nodeList],
  ["nodepool:list", poolList],
  ["addon:list", addonList],
  ["cluster:kubeconfig", kubeconfig],
])("%s of a half-made cluster names what completes it", async (id, definition) => {
  await halfMade();
  await expect(run(id, definition, "half")).rejects.toMatchObject({
    ...{ code: "not-found", message: 'the cluster "half" has no kubeconfig yet' },
    hint: "complete it: kubectl clouder kubeadm setup half",
  });
});

test("a delete that cannot reach a machine of the user's names --force", async () => {
  await halfMade();
  const deleting = runCommand("cluster:delete", clusterDelete, ["half"], {
    environment: { HOME: home },
  });
  await expect(deleting).rejects.toMatchObject({
    code: "unreachable",
    hint: expect.stringMatching(/; --force goes on without it$/) as string,
  });
});

describe("flags that do not go together are told by their own names", () => {
  test.each([
    [["--host", "root@127.0.0.1:1", "--region", "us-east-1"], "--region is not for this provider"],
    [["--provider", "aws", "--host", "root@10.0.0.4"], "--host is not for this provider"],
    [["--provider", "azure", "--vpc-cidr", "10.0.0.0/16"], "--vpc-cidr is not for this provider"],
    [["--provider", "azure", "--subnet", "x"], "--subnet is not for this provider"],
    [
      ["--provider", "aws", "--region", "us-east-1", "--allow-cidr", "home"],
      '--allow-cidr "home" must look like 203.0.113.7/32',
    ],
    [["--provider", "gpc"], '--provider "gpc" is not a known provider'],
  ])("%j", async (argv, message) => {
    await expect(run("cluster:create", create, "dev", ...argv)).rejects.toMatchObject({
      ...{ code: "usage", message, hint: expect.stringMatching(/./) as string },
    });
  });

  test("an empty value is told without a word of lines", async () => {
    await expect(run("cluster:create", create, "dev", "--bundle", "")).rejects.toMatchObject({
      ...{ code: "usage", hint: "give a value that fits" },
    });
  });

  test("--duration alone is refused: only --role makes a kubeconfig that ends", async () => {
    const wrong = run("cluster:kubeconfig", kubeconfig, "dev", "--duration", "8h");
    await expect(wrong).rejects.toMatchObject({ code: "usage" });
  });
});

describe("a document with a typing error", () => {
  const planned = async (spec: string) => {
    const file = join(home, "cluster.yaml");
    await writeFile(
      file,
      `apiVersion: bootstrap.clouder.datalayer.io/v1alpha1\nkind: Cluster\nmetadata: { name: t }\nspec:\n  ${spec}\n`,
    );
    return run("cluster:plan", plan, "-f", file);
  };

  test.each([
    [
      "provider: { name: locl }",
      ':5:21: spec.provider.name "locl" is not a known provider',
      "did you mean local? use one of: local, ssh, aws, azure",
    ],
    ["packages: { kind: bundl }", "must be one of online, mirror, bundle", "did you mean bundle?"],
    ["addons: [traefk]", 'not "traefk"', "did you mean traefik?"],
    [
      "pools: [{ name: GPU }]",
      '"GPU" cannot name a pool: at most 30',
      "use for example gpu-workers",
    ],
  ])("%s", async (spec, message, hint) => {
    await expect(planned(spec)).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining(hint) as string,
    });
  });
});

test.each([
  [["azure", "prod"], '"prod" is not the id of an Azure subscription'],
  [["aws", "12345"], '"12345" is not an AWS account, twelve digits'],
])("A2 ctx set %j is refused before a cloud is asked", async (argv, message) => {
  await expect(run("ctx:set", ctxSet, ...argv)).rejects.toMatchObject({ code: "usage", message });
});

test("no clusters are an empty list in YAML, as in JSON", async () => {
  expect((await run("cluster:list", list, "-o", "yaml")).stdout).toBe("[]\n");
  expect((await run("cluster:list", list, "-o", "json")).stdout).toBe("[]\n");
});
