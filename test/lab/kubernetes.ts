import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CachedPart } from "./cache.ts";
import { goPrograms, moduleFolder } from "./go-build.ts";
import { versions } from "./versions.ts";

const module = "k8s.io/kubernetes";
const names = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
  "kubelet",
  "kubeadm",
  "kubectl",
];
const variable = (name: string) => `k8s.io/component-base/version.${name}`;

export const kubernetes = kubernetesOf("kubernetes", versions.kubernetes);

/** An older patch version, for the proof that clusters are upgraded. */
export const olderKubernetes = kubernetesOf("older-kubernetes", versions.olderKubernetes);

function kubernetesOf(name: string, number: string): CachedPart {
  const version = `v${number}`;
  const [major = "", minor = ""] = number.split(".");
  return goPrograms({
    name,
    module,
    version,
    expected: "about 8 minutes",
    programs: Object.fromEntries(names.map((one) => [one, `${module}/cmd/${one}`])),
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
        ...stagingReplaces(goMod, number),
      ];
    },
  });
}

/**
 * Kubernetes requires its staging modules at v0.0.0 and replaces them by folders that a module archive
 * does not hold; each is published as v0.MINOR.PATCH.
 */
export function stagingReplaces(goMod: string, kubernetesVersion: string) {
  const published = `v0.${kubernetesVersion.split(".").slice(1).join(".")}`;
  return [...goMod.matchAll(/^\s+(k8s\.io\/[a-z-]+) v0\.0\.0$/gm)].map(
    ([, staging]) => `replace ${String(staging)} => ${String(staging)} ${published}`,
  );
}
