import type { NodeAccess } from "#bootstrap/nodes/node-access";

const components = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;

/** Ends the containers of the control plane; the kubelet starts them anew at once, with new files. */
const script = `
for name; do
  for id in $(ctr -n k8s.io containers ls -q "labels.\\"io.kubernetes.container.name\\"==$name" "labels.\\"io.kubernetes.pod.namespace\\"==kube-system"); do
    ctr -n k8s.io tasks kill -s SIGTERM "$id" 2>/dev/null || true
  done
done
`;

/** Restarts the static pods of one control plane. */
export async function restartStaticPods(access: NodeAccess): Promise<void> {
  await access.run(["sh", "-ec", script, "sh", ...components]);
}
