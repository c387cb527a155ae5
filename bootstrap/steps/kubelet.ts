import { ensureFiles } from "#bootstrap/nodes/ensure-files";
import { succeeds } from "#bootstrap/nodes/remote-file";
import type { Step } from "#bootstrap/steps/step";

/** As the Kubernetes packages have it, for a kubelet that came without them. */
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

/** kubeadm writes the kubelet's settings and starts it. */
export const kubelet: Step = {
  id: "kubelet",
  title: "set up the kubelet's service",
  scope: "node",
  needs: ["nodes"],
  gives: [],
  after: ["install-packages"],
  preview: ({ packages }) => [
    ...(packages.bringsUnits ? [] : ["/etc/systemd/system/kubelet.service"]),
    "systemctl enable kubelet",
  ],
  run: async ({ packages }, _facts, { access }) => {
    const path = "/etc/systemd/system/kubelet.service";
    const files = packages.bringsUnits ? [] : [{ path, content: unit }];
    const changed = await ensureFiles(access, files);
    const enabled = await succeeds(access, ["systemctl", "is-enabled", "-q", "kubelet"]);
    if (changed.length === 0 && enabled) return { skipped: "set up already" };
    await access.run(["systemctl", "daemon-reload"]);
    await access.run(["systemctl", "enable", "-q", "kubelet"]);
    return {};
  },
};
