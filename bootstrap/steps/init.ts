import { initFile } from "#bootstrap/kubeadm/documents";
import { runKubeadm } from "#bootstrap/kubeadm/kubeadm";
import { controlPlane, kubectl } from "#bootstrap/kubeadm/kubectl";
import { newToken } from "#bootstrap/kubeadm/token";
import type { NodeAccess } from "#bootstrap/nodes/node-access";
import { succeeds } from "#bootstrap/nodes/remote-file";
import { readStamp, writeStamp } from "#bootstrap/nodes/stamp";
import { adminKubeconfig } from "#bootstrap/kubeadm/kubeconfig";
import type { Facts, PlanContext, Step } from "#bootstrap/steps/step";
import { ClouderError } from "#core/error";
import { waitFor } from "#core/retry";

/** The first control plane. */
export const init: Step = {
  id: "init",
  title: "start the control plane",
  scope: "cluster",
  needs: ["nodes", "settings", "endpoint"],
  gives: ["kubeconfig"],
  after: ["import-images", "kubelet", "criu"],
  preview: ({ spec }) => [
    `kubeadm config validate, kubeadm init on ${spec.name}-master (file 0600, removed afterwards)`,
    "delete the bootstrap token; remove /etc/kubernetes/super-admin.conf",
  ],
  run: async (context, facts) => {
    const access = controlPlane(facts);
    const fresh = await ensureControlPlane(context, facts, access);
    await waitForApi(context, access);
    const kubeconfig = await adminKubeconfig(context, facts, access);
    return { facts: { kubeconfig }, ...(!fresh && { skipped: "runs already" }) };
  },
};

/**
 * kubeadm init is run again over a part of itself, never after a reset: certificates and etcd's
 * data stay. A stamp written before it starts tells our own attempt from somebody else's cluster.
 */
async function ensureControlPlane(
  context: PlanContext,
  facts: Partial<Facts>,
  access: NodeAccess,
): Promise<boolean> {
  const stamp = await readStamp(access, "cluster");
  const present = await succeeds(access, ["test", "-e", "/etc/kubernetes/admin.conf"]);
  const touched = present || (await succeeds(access, ["test", "-e", "/etc/kubernetes/pki/ca.key"]));
  if (touched && stamp["uid"] !== context.uid) throw foreignCluster(access.host);
  if (present && stamp["state"] === "ready") return false;
  const node = facts.nodes?.find((one) => one.access === access);
  if (!node || !facts.settings) throw new ClouderError("internal", "init without a machine");
  await writeStamp(access, "cluster", { uid: context.uid, state: "starting" });
  const token = newToken();
  const again = touched ? { ...facts.settings, ignorePreflightErrors: ["all"] } : facts.settings;
  await runKubeadm(context, access, {
    command: ["init", "--skip-token-print"],
    file: initFile(context.spec, node.machine, again, token),
    secrets: [token],
  });
  await kubectl(access, [
    ...["-n", "kube-system", "delete", "secret", "--ignore-not-found"],
    `bootstrap-token-${token.split(".")[0] ?? ""}`,
  ]);
  await access.run(["rm", "-f", "/etc/kubernetes/super-admin.conf"]);
  await writeStamp(access, "cluster", { uid: context.uid, state: "ready" });
  return true;
}

async function waitForApi(context: PlanContext, access: NodeAccess): Promise<void> {
  await waitFor(
    `an answer of the API server on ${access.host}`,
    {
      timeoutMs: 240_000,
      everyMs: 1000,
      clock: context.clock,
      signal: context.signal,
      hint: `on ${access.host}: journalctl -u kubelet; look at /var/log/pods`,
    },
    async () => {
      const ready = await access.run(
        ["kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "get", "--raw", "/readyz"],
        { allowFailure: true },
      );
      return ready.status === 0 ? true : undefined;
    },
  );
}

/** The error of a machine that belongs to another cluster. */
export function foreignCluster(host: string): ClouderError {
  return new ClouderError("exists", `${host} is part of another cluster`, {
    hint: `use another machine, or take it out of that cluster first (kubeadm reset on ${host})`,
  });
}
