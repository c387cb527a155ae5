import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writePrivate } from "#bootstrap/private-file";
import type { Step } from "#bootstrap/steps/step";

/** The user's way in. */
export const saveKubeconfig: Step = {
  id: "kubeconfig",
  title: "write the kubeconfig",
  scope: "cluster",
  needs: ["kubeconfig"],
  gives: [],
  preview: ({ folder }) => [`${join(folder, "kubeconfig")} (0600)`],
  run: async ({ folder }, { kubeconfig = "" }) => {
    const path = join(folder, "kubeconfig");
    const present = await readFile(path, "utf8").catch(() => undefined);
    if (present === kubeconfig) return { skipped: "unchanged" };
    await writePrivate(path, kubeconfig);
    return {};
  },
};
