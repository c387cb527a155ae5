import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { goPrograms, moduleFolder } from "./go-build.ts";
import { versions } from "./versions.ts";

const module = "k8s.io/kubernetes";
const version = `v${versions.kubernetes}`;
const names = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
  "kubelet",
  "kubeadm",
  "kubectl",
];
const [major = "", minor = ""] = versions.kubernetes.split(".");
const variable = (name: string) => `k8s.io/component-base/version.${name}`;

export const kubernetes = goPrograms({
  name: "kubernetes",
  module,
  version,
  expected: "about 8 minutes",
  programs: Object.fromEntries(names.map((name) => [name, `${module}/cmd/${name}`])),
  variables: {
    [variable("gitVersion")]: version,
    [variable("gitMajor")]: major,
    [variable("gitMinor")]: minor,
    [variable("gitTreeState")]: "clean",
    [variable("gitCommit")]: "0".repeat(40),
  },
  goModLines: async () => {
    const goMod = await readFile(join(await moduleFolder(module, version), "go.mod"), "utf8");
    return [
      `godebug default=go${versions.goLanguage.replace(/\.0$/, "")}`,
      ...stagingReplaces(goMod),
    ];
  },
});

/**
 * Kubernetes requires its staging modules at v0.0.0 and replaces them by folders that a module archive
 * does not hold; each is published as v0.MINOR.PATCH.
 */
export function stagingReplaces(goMod: string, kubernetesVersion: string = versions.kubernetes) {
  const published = `v0.${kubernetesVersion.split(".").slice(1).join(".")}`;
  return [...goMod.matchAll(/^\s+(k8s\.io\/[a-z-]+) v0\.0\.0$/gm)].map(
    ([, staging]) => `replace ${String(staging)} => ${String(staging)} ${published}`,
  );
}
