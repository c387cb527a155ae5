import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openHelm } from "#bootstrap/addons/helm/helm";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "helm-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function program(script: string): { readonly environment: Record<string, string> } {
  writeFileSync(join(folder, "helm"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "helm"), 0o755);
  return { environment: { PATH: `${folder}:/usr/bin:/bin`, HELM_NAMESPACE: "others" } };
}

it("a machine without helm is told how to get it", async () => {
  await expect(openHelm({ environment: { PATH: folder } })).rejects.toMatchObject({
    code: "not-found",
    message: "helm is not among this machine's programs",
    hint: "install Helm 3.14 or later: https://helm.sh/docs/intro/install",
  });
});

it("a helm that is too old is refused with its version", async () => {
  await expect(openHelm(program("echo v3.13.3+gc8b9489"))).rejects.toMatchObject({
    code: "unsupported",
    message: "helm is v3.13, 3.14 or later is needed",
  });
});

it("Helm 3.14 and 4 are taken, with no settings that lead to another place", async () => {
  const script = 'case $1 in version) echo v4.0.1;; *) cat; echo "in: $HELM_NAMESPACE";; esac';
  const helm = await openHelm(program(script));
  const done = await helm.run(["upgrade"], "values\n");
  expect(done).toEqual({ status: 0, stdout: "values\nin: \n", stderr: "" });
  await expect(openHelm(program("echo v3.14.0+g3fc9f4b"))).resolves.toBeDefined();
});
