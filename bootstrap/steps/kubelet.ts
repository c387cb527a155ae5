import { ensureFiles } from "#bootstrap/nodes/ensure-files";
import type { Step } from "#bootstrap/steps/step";

/** kubeadm writes the kubelet's settings and starts it; the unit is ours. */
const unit = `[Unit]
Description=kubelet: the Kubernetes node agent
After=containerd.service network-online.target
Wants=containerd.service

[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=2
StartLimitIntervalSec=0

[Install]
WantedBy=multi-user.target
`;

export const kubelet: Step = {
  id: "kubelet",
  title: "set up the kubelet's service",
  scope: "node",
  needs: ["nodes"],
  gives: [],
  after: ["install-packages"],
  preview: () => ["/etc/systemd/system/kubelet.service; systemctl enable kubelet"],
  run: async (_context, _facts, { access }) => {
    const path = "/etc/systemd/system/kubelet.service";
    const changed = await ensureFiles(access, [{ path, content: unit }]);
    if (changed.length === 0) return { skipped: "set up already" };
    await access.run(["systemctl", "daemon-reload"]);
    await access.run(["systemctl", "enable", "-q", "kubelet"]);
    return {};
  },
};
