import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { terraformFolder } from "#test/unit/terraform/hcl";

/** The Makefile and the generated scripts, with programs in Terraform's place that tell what they were asked. */

let folder: string;
let bin: string;
const said = () => readFile(join(folder, "said"), "utf8").catch(() => "");

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-terraform-"));
  bin = join(folder, "bin");
  await cp(terraformFolder, join(folder, "terraform"), { recursive: true });
  await program(
    "terraform",
    'case $* in *-out=plan.tfplan*) : > "${1#-chdir=}/plan.tfplan" ;; *output*) echo \'{"format":1}\' ;; esac',
  );
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes down its arguments and what it was sent, then does what `script` says. */
async function program(name: string, script = ""): Promise<void> {
  await mkdir(bin, { recursive: true });
  const path = join(bin, name);
  const note = `echo "${name} $*" >> "${join(folder, "said")}"`;
  await writeFile(path, `#!/bin/sh\n${note}\n${script}\n`);
  await chmod(path, 0o755);
}

async function run(command: string, argv: readonly string[]) {
  const environment = { PATH: `${bin}:${process.env["PATH"] ?? ""}`, HOME: folder };
  try {
    const { stdout } = await promisify(execFile)(command, argv, { env: environment });
    return { status: 0, output: stdout };
  } catch (error) {
    const { code, stderr } = error as { readonly code: number; readonly stderr: string };
    return { status: code, output: stderr };
  }
}
const make = (...words: readonly string[]) =>
  run("make", ["-s", "-C", join(folder, "terraform"), ...words]);

describe("C6 make", () => {
  it("C6 plan and apply go to the cloud that is named", async () => {
    expect((await make("plan", "CLOUD=azure")).status).toBe(0);
    expect((await make("apply")).status).toBe(0);
    expect((await said()).split("\n").map((line) => line.trim())).toEqual([
      ...["terraform -chdir=azure init -input=false", "terraform -chdir=azure plan -input=false"],
      ...["terraform -chdir=aws init -input=false", "terraform -chdir=aws apply", ""],
    ]);
  });

  it("C6 ci-apply without APPROVED=true is refused, and Terraform is not asked", async () => {
    await make("ci-plan");
    const before = await said();
    for (const approval of ["APPROVED=", "APPROVED=yes", "APPROVED=false"]) {
      const { status, output } = await make("ci-apply", approval);
      expect(status).not.toBe(0);
      expect(output).toContain("APPROVED=true");
    }
    expect(await said()).toBe(before);
  });

  it("C6 ci-apply applies exactly the plan that was looked at, once", async () => {
    expect((await make("ci-apply", "APPROVED=true")).output).toContain("make ci-plan first");
    await make("ci-plan");
    expect((await make("ci-apply", "APPROVED=true")).status).toBe(0);
    expect(await said()).toContain("terraform -chdir=aws apply -input=false plan.tfplan\n");
    expect((await make("ci-apply", "APPROVED=true")).status).not.toBe(0);
  });

  it.each([
    ['resource "aws_eks_cluster" "x" {}', "aws/eks.tf"],
    ['resource "azurerm_kubernetes_cluster" "x" {}', "azure/aks.tf"],
  ])("C6 refuses %s before anything is planned", async (text, file) => {
    await writeFile(join(folder, "terraform", file), `${text}\n`);
    const { status, output } = await make("plan");
    expect(status).not.toBe(0);
    expect(output).toContain("managed clusters");
    expect(await said()).toBe("");
  });

  it("C6 refuses a cloud that is none", async () => {
    expect((await make("plan", "CLOUD=gcp")).output).toContain("CLOUD=gcp");
  });
});

describe("C6 the generated scripts", () => {
  const settings: Readonly<Record<string, string>> = { cluster_name: "dev", outputs_folder: "/tf" };
  async function generate(name: string): Promise<string> {
    const template = join(folder, "terraform/common/templates", `${name}.tftpl`);
    const text = (await readFile(template, "utf8"))
      .replace(/(?<!\$)\$\{(\w+)\}/g, (_all, key: string) => settings[key] ?? "x")
      .replaceAll("$${", "${");
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o700 });
    return path;
  }

  it("C6 set up the cluster from Terraform's outputs", async () => {
    await program("kubectl", 'case $* in *import*) cat >> "$HOME/imported" ;; esac');
    await generate("kubeadm-cluster.env");
    const { status } = await run(await generate("clouder-kubeadm-setup.sh"), ["--dry-run"]);
    expect(status).toBe(0);
    expect((await said()).trim().split("\n").sort()).toEqual([
      "kubectl clouder cluster import dev --terraform-output -",
      "kubectl clouder kubeadm get-config dev",
      "kubectl clouder kubeadm setup dev --dry-run",
      "terraform -chdir=/tf output -json cluster",
    ]);
    expect(await readFile(join(folder, "imported"), "utf8")).toContain('"format":1');
  });

  it("C6 install this program's parts in it", async () => {
    await program("kubectl");
    expect((await run(await generate("deploy-clouder.sh"), [])).status).toBe(0);
    const place = `--kubeconfig ${folder}/.clouder/kubeadm/dev/kubeconfig`;
    expect(await said()).toContain(`kubectl clouder install ${place}\n`);
  });
});
