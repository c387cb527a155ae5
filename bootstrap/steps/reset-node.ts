import { ensureBlock } from "#bootstrap/nodes/ensure-files";
import { hasOriginals, restoreOriginals } from "#bootstrap/nodes/originals";
import { readStamp } from "#bootstrap/nodes/stamp";
import type { Step } from "#bootstrap/steps/step";

/** Whoever keeps the rest of the cluster has taken the machine out of etcd before. */
const resetScript = `
if [ -e /var/lib/clouder/bootstrap/shared-address.json ]; then
  systemctl disable --now keepalived haproxy >/dev/null 2>&1 || true
fi
if command -v kubeadm >/dev/null; then
  kubeadm reset --force --cleanup-tmp-dir --skip-phases=remove-etcd-member >/dev/null 2>&1 || echo "kubeadm reset failed"
fi
systemctl disable --now kubelet >/dev/null 2>&1 || true
if command -v ctr >/dev/null; then
  for task in $(ctr -n k8s.io tasks ls -q 2>/dev/null); do
    ctr -n k8s.io tasks kill -s SIGKILL "$task" >/dev/null 2>&1 || true
    ctr -n k8s.io tasks rm -f "$task" >/dev/null 2>&1 || true
  done
fi
systemctl disable --now containerd >/dev/null 2>&1 || true
awk '$2 ~ "^/(var/lib/(kubelet|containerd)|run/containerd|run/netns/cni)" {print $2}' /proc/mounts |
  sort -r | while read -r place; do umount -l "$place" || true; done
for link in cni0 flannel.1; do ip link delete "$link" 2>/dev/null || true; done
for table in "ip kube-proxy" "ip6 kube-proxy" "ip flannel-ipv4" "ip6 flannel-ipv6"; do
  nft delete table $table 2>/dev/null || true
done
for tool in iptables ip6tables; do
  for table in filter nat mangle; do
    rules() { "$tool" -w -t "$table" -S 2>/dev/null || true; }
    rules | sed -n 's/^-A \\(.* -j \\(KUBE\\|FLANNEL\\)-.*\\)/-D \\1/p' | xargs -r -L1 "$tool" -w -t "$table"
    for action in -F -X; do
      rules | sed -n 's/^-N \\(\\(KUBE\\|FLANNEL\\)-.*\\)/\\1/p' | xargs -r -n1 "$tool" -w -t "$table" "$action"
    done
  done
done 2>/dev/null
if [ -e /etc/fstab.clouder ]; then
  sed -i 's/^# clouder: //' /etc/fstab
  rm -f /etc/fstab.clouder
  swapon -a || true
fi
if grep -q '"wanted"' /var/lib/clouder/bootstrap/installed.json 2>/dev/null; then
  for name in kubernetes docker criu nvidia-driver nvidia-container-toolkit; do
    sed -n 's/^deb \\[signed-by=[^]]*\\] https*:..\\([^ ]*\\).*/\\1/p' "/etc/apt/sources.list.d/$name.list" 2>/dev/null |
      tr / _ | while read -r place; do rm -f "/var/lib/apt/lists/$place"*; done
  done
fi
find /var/lib/clouder -mindepth 1 -maxdepth 1 ! -name store ! -name bootstrap -exec rm -rf {} + 2>/dev/null || true
`;

/** A machine of the user's as it was before: what we installed is taken away, nothing else. */
export const resetNode: Step = {
  id: "reset-node",
  title: "take the machine out of the cluster",
  scope: "node",
  needs: ["nodes"],
  gives: [],
  preview: () => ["kubeadm reset --force", "remove the files, programs and packages of create"],
  run: async (context, _facts, { access, machine }) => {
    const stamp = await readStamp(access, "cluster");
    if (stamp["uid"] !== undefined && stamp["uid"] !== context.uid) {
      return { skipped: "is part of another cluster by now" };
    }
    const installed = Object.keys(await readStamp(access, "installed"));
    const programs = installed.filter((name) => name.startsWith("/"));
    const packages = Object.keys(await readStamp(access, "new-packages"));
    if (stamp["uid"] === undefined && installed.length === 0 && !(await hasOriginals(access))) {
      return { skipped: "nothing of ours is there" };
    }
    const { stdout } = await access.run(["sh", "-c", resetScript], { timeoutMs: 300_000 });
    if (stdout.trim() !== "") {
      context.report({ type: "note", level: "warn", host: machine.name, message: stdout.trim() });
    }
    if (packages.length > 0) {
      // One that something else needs by now stays: dpkg refuses to remove it.
      await access.run(["apt-mark", "unhold", ...packages], { allowFailure: true });
      await access.run(["dpkg", "--purge", ...packages], { allowFailure: true });
    }
    await ensureBlock(access, "/etc/hosts", []);
    await restoreOriginals(access, programs);
    await access.run(["systemctl", "daemon-reload"]);
    // Last: a delete that was killed finds here what is left to do.
    await access.run([
      "sh",
      "-c",
      "rm -rf /var/lib/clouder/bootstrap; rmdir /var/lib/clouder || true",
    ]);
    return {};
  },
};
