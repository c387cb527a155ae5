import { randomBytes } from "node:crypto";
import { initFile } from "#bootstrap/kubeadm/documents";
import { runKubeadm } from "#bootstrap/kubeadm/kubeadm";
import { kubectl } from "#bootstrap/kubeadm/kubectl";
import { newToken } from "#bootstrap/kubeadm/token";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import type { Facts, PlanContext } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";

/**
 * Puts the cluster's keys, encrypted, where further control planes fetch them; gives the key, which
 * is in memory and in 0600 files only. kubeadm lets the Secret expire after two hours.
 */
export async function uploadCertificates(
  context: PlanContext,
  { plane, settings, endpoint }: Partial<Facts>,
): Promise<string> {
  if (!plane || !settings || !endpoint) {
    throw new ClouderError("internal", "an upload of certificates without a control plane");
  }
  const certificateKey = randomBytes(32).toString("hex");
  const token = newToken();
  const { machine, access } = plane;
  await runKubeadm(context, access, {
    command: ["init", "phase", "upload-certs", "--upload-certs", "--skip-certificate-key-print"],
    file: initFile(context.spec, { machine, settings, endpoint, token, certificateKey }),
    secrets: [certificateKey, token],
  });
  return certificateKey;
}

/** Takes the keys away again, and the token that lets them expire. */
export async function dropCertificates(access: NodeAccess): Promise<void> {
  const secret = ["-n", "kube-system", "get", "secret", "kubeadm-certs", "--ignore-not-found"];
  const owners = await kubectl(access, [
    ...secret,
    ...["-o", "jsonpath={.metadata.ownerReferences[*].name}"],
  ]);
  const names = ["kubeadm-certs", ...owners.split(/\s+/).filter((name) => name !== "")];
  await kubectl(access, [
    ...["-n", "kube-system", "delete", "secret", "--ignore-not-found", ...names],
  ]);
}
