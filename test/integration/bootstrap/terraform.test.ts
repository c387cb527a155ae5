import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { clusterFolder, readRecord } from "#bootstrap/cluster-folder";
import { systemClock } from "#core/clock";
import type { CommandDefinition } from "#plugin/cli/command";
import clusterImport from "#plugin/commands/cluster/import";
import getConfig from "#plugin/commands/kubeadm/get-config";
import setup from "#plugin/commands/kubeadm/setup";
import { createSshWorld, type SshWorld } from "#test/fakes/ssh-world";
import { runCommand } from "#test/unit/plugin/commands/run";

/** Machines that Terraform made, by the outputs that terraform/common writes, through real SSH. */

let world: SshWorld;
let home: string;
beforeAll(async () => {
  world = await createSshWorld({ hosts: 3 });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clouder-terraform-"));
});
afterEach(() => rm(home, { recursive: true }));

const run = (command: CommandDefinition, argv: readonly string[]) =>
  runCommand("terraform", command, argv, { environment: { HOME: home }, clock: systemClock });

interface Settings {
  readonly hosts: readonly string[];
  readonly key: string;
}

/** What `terraform output -json` prints for the fleet's machines. */
function outputs(workers = 2, over: object = {}): string {
  const document = JSON.parse(world.request.document ?? "") as {
    readonly spec: { readonly provider: { readonly settings: Settings } };
  };
  const { hosts, key } = document.spec.provider.settings;
  const machines = hosts.map((host, index) => {
    const [, address = "", port = ""] = /@([^:]+):(\d+)$/.exec(host) ?? [];
    const name = index === 0 ? "tf-master" : `tf-node-${String(index)}`;
    const private_ip = `10.0.0.${String(index + 4)}`;
    return { name, private_ip, public_ip: address, size: "t3.large", port: Number(port) };
  });
  const value = {
    ...{ format: 1, name: "tf", cloud: "aws", region: "us-east-1", account: "123456789012" },
    ...{ network_id: "vpc-1", kubernetes_version: null, registry: "" },
    ...{ ssh_user: "root", ssh_port: machines[0]?.port, ssh_key: key },
    ...{ control_plane: machines[0], workers: machines.slice(1, workers + 1) },
    ...over,
  };
  return JSON.stringify({ cluster: { sensitive: false, value }, setup_script: { value: "x" } });
}

async function imported(text: string, ...more: readonly string[]) {
  const file = join(home, "outputs.json");
  await writeFile(file, text);
  const { bundle } = world.request.flags;
  const argv = ["--terraform-output", file, "--bundle", bundle ?? "", ...more];
  return await run(clusterImport, argv);
}

describe("C6 the record of machines that Terraform made", () => {
  it("C6 is built from the outputs, private, without asking a machine", async () => {
    const before = world.fleet.counts.commands;
    const { stdout } = await imported(outputs(1));
    expect(stdout).toContain("kubectl clouder kubeadm setup tf");
    const folder = clusterFolder(home, "tf");
    expect(await readRecord(folder)).toMatchObject({
      ...{ cloud: "ssh", region: "us-east-1", account: "123456789012", setup_complete: false },
      ...{ master: "tf-master", workers: ["tf-node-1"] },
      made_by: { tool: "terraform", cloud: "aws", network_id: "vpc-1" },
    });
    expect((await stat(join(folder, "kubeadm.json"))).mode & 0o777).toBe(0o600);
    expect(world.fleet.counts.commands).toBe(before);
  });

  it("C6 takes more workers over, and no other machine in the place of one", async () => {
    await imported(outputs(1));
    await imported(outputs(2), "tf");
    expect((await readRecord(clusterFolder(home, "tf")))?.workers).toHaveLength(2);
    const other = { name: "x", private_ip: "10.9.9.9", public_ip: "127.9.9.9", size: "s" };
    await expect(imported(outputs(2, { control_plane: other }))).rejects.toMatchObject({
      code: "exists",
    });
    await expect(imported(outputs(), "other")).rejects.toMatchObject({ code: "usage" });
  });

  it("C6 ends in the same create as other machines, kubeconfig and all", async () => {
    await imported(outputs());
    await run(setup, ["tf"]);
    const folder = clusterFolder(home, "tf");
    expect(await readRecord(folder)).toMatchObject({
      ...{ setup_complete: true, made_by: { tool: "terraform" } },
    });
    const { stdout } = await run(getConfig, ["tf"]);
    expect(stdout).toBe(`export KUBECONFIG=${join(folder, "kubeconfig")}\n`);
    const kubeconfig = await readFile(join(folder, "kubeconfig"), "utf8");
    // People use the public address, nodes know each other by the private ones.
    expect(kubeconfig).toMatch(/server: https:\/\/127\./);
    expect(kubeconfig).toContain("current-context: tf");
    const again = await run(setup, ["tf"]);
    expect(again.stdout).toContain("nothing had to be changed");
  });

  it.each([
    ["no JSON", "{", /not JSON/],
    ["other outputs", '{"vpc":{"value":"x"}}', /no output "cluster"/],
    ["a machine without an address", "public_ip", /control_plane\.public_ip/],
  ])("C6 refuses %s", async (_what, text, message) => {
    const machine = { name: "x", private_ip: "10.0.0.1", public_ip: "", size: "s" };
    const given = text === "public_ip" ? outputs(1, { control_plane: machine }) : text;
    await expect(imported(given)).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(message) as string,
    });
  });
});
