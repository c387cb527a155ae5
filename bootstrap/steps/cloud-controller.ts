import { createHash } from "node:crypto";
import { awsController } from "#bootstrap/clouds/aws-controller";
import { azureConfig, azureConfigSecret } from "#bootstrap/clouds/azure-config";
import { azureConfigFile, azureController } from "#bootstrap/clouds/azure-controller";
import type { CloudFacts } from "#bootstrap/clouds/cloud-facts";
import { applyOnNode, controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import { ensureFiles } from "#bootstrap/nodes/ensure-files";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import type { Facts, Step } from "#bootstrap/steps/step";

/** What clusters say that run without one. */
export const withoutController = "this cluster runs without a cloud controller";

/** The cloud's controllers, for which the nodes of such a cluster wait. */
export const cloudController: Step = {
  id: "cloud-controller",
  title: "run the cloud's controllers",
  scope: "cluster",
  needs: ["nodes", "kubeconfig"],
  gives: [],
  after: ["flannel"],
  preview: ({ spec }) =>
    spec.cloudController === true
      ? [
          ...(spec.provider.name === "azure"
            ? [`${azureConfigFile} (0600) on control planes, Secret azure-cloud-provider`]
            : []),
          `kubectl apply: the cloud controller manager of ${spec.provider.name}, on control planes`,
        ]
      : [`nothing: ${withoutController}`],
  run: async (context, facts) => {
    const { spec, provider } = context;
    if (spec.cloudController !== true || !provider.cloudFacts)
      return { skipped: withoutController };
    const cloud = await provider.cloudFacts(context);
    const files = await writeConfig(facts, cloud);
    const applied = await applyController(facts, objectsOf(spec, cloud));
    return files || applied ? {} : { skipped: "installed already" };
  },
};

function objectsOf(spec: ClusterSpec, cloud: CloudFacts): readonly object[] {
  if (cloud.cloud === "aws") return awsController(spec.name);
  return [azureConfigSecret(cloud), ...azureController(spec.name, spec.network.podCIDR)];
}

/** Control planes that are still to join have it before their controller starts. */
async function writeConfig({ nodes = [] }: Partial<Facts>, cloud: CloudFacts): Promise<boolean> {
  if (cloud.cloud !== "azure") return false;
  const files = [{ path: azureConfigFile, content: azureConfig(cloud), mode: 0o600 }];
  const changed = await Promise.all(
    nodes
      .filter(({ machine }) => machine.role === "control-plane")
      .map(({ access }) => ensureFiles(access, files)),
  );
  return changed.flat().length > 0;
}

async function applyController(
  facts: Partial<Facts>,
  objects: readonly object[],
): Promise<boolean> {
  const access = controlPlane(facts);
  const manifest = objects.map((one) => `${JSON.stringify(one)}\n`).join("---\n");
  const digest = createHash("sha256").update(manifest).digest("hex");
  const stamp = await readStamp(access, "cloud-controller");
  const found = await kubectl(access, [
    ...["-n", "kube-system", "get", "daemonset", "cloud-controller-manager"],
    ...["--ignore-not-found", "-o", "name"],
  ]);
  if (stamp["manifest"] === digest && found.trim() !== "") return false;
  await applyOnNode(access, manifest);
  await writeStamp(access, "cloud-controller", { manifest: digest });
  return true;
}
