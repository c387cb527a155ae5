import { createHash } from "node:crypto";
import { applyOnNode, controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import type { Step } from "#bootstrap/steps/step";

/** The pod network that manifests are written for. */
const manifestNetwork = "10.244.0.0/16";

/** The pod network. */
export const flannel: Step = {
  id: "flannel",
  title: "install the pod network",
  scope: "cluster",
  needs: ["nodes", "kubeconfig"],
  gives: [],
  preview: ({ spec }) => [`kubectl apply: flannel (VXLAN) with ${spec.network.podCIDR}`],
  run: async (context, facts) => {
    const access = controlPlane(facts);
    const text = await context.packages.flannelManifest();
    const manifest = text.replaceAll(manifestNetwork, context.spec.network.podCIDR);
    const digest = createHash("sha256").update(manifest).digest("hex");
    const stamp = await readStamp(access, "flannel");
    if (stamp["manifest"] === digest && (await isThere())) return { skipped: "installed already" };
    await applyOnNode(access, manifest);
    await writeStamp(access, "flannel", { manifest: digest });
    return {};

    async function isThere(): Promise<boolean> {
      const sets = await kubectl(access, [
        ...["get", "daemonset", "-A", "-l", "app=flannel", "-o", "name"],
      ]);
      return sets.trim() !== "";
    }
  },
};
