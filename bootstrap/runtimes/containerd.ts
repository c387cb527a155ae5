import type { WantedFile } from "#bootstrap/nodes/ensure-files";
import type { NodeSettings } from "#bootstrap/providers/provider";
import { nodeNames, nvidiaRuntime } from "#bootstrap/runtimes/names";

export interface ContainerdSettings {
  readonly pauseImage: string;
  readonly node: NodeSettings;
  /** Digest of the program: another program means a restart. */
  readonly programDigest: string;
  /** The program lies in /usr/local/bin and needs a unit of ours. */
  readonly ownUnit: boolean;
  /** The node drives NVIDIA's GPUs: it has the runtime "nvidia", too. */
  readonly nvidia?: boolean;
}

/** More files of settings, of nodes with GPUs alone. */
const moreSettings = "/etc/containerd/conf.d";

/** Where containerd looks for mirrors, one folder for each registry. */
export const registryFolder = "/etc/containerd/certs.d";

/** All files of containerd on a node. */
export function containerdFiles(settings: ContainerdSettings): readonly WantedFile[] {
  return [
    { path: "/etc/containerd/config.toml", content: configFile(settings) },
    ...(settings.nvidia === true
      ? [{ path: `${moreSettings}/clouder-nvidia.toml`, content: nvidiaFile(settings) }]
      : []),
    ...(settings.ownUnit
      ? [{ path: "/etc/systemd/system/containerd.service", content: unit }]
      : []),
    {
      path: "/etc/systemd/system/containerd.service.d/10-clouder.conf",
      content: dropIn(settings.programDigest),
    },
    {
      path: "/etc/crictl.yaml",
      content:
        "runtime-endpoint: unix:///run/containerd/containerd.sock\n" +
        "image-endpoint: unix:///run/containerd/containerd.sock\n",
    },
  ];
}

const runtimes = 'plugins."io.containerd.cri.v1.runtime".containerd.runtimes';

const cgroupOf = ({ node }: ContainerdSettings) =>
  `SystemdCgroup = ${String(node.cgroupDriver === "systemd")}`;

/** Pods of the RuntimeClass "nvidia"; containerd 2 merges it with the runtimes of the main file. */
function nvidiaFile(settings: ContainerdSettings): string {
  return `version = 3

[${runtimes}.${nvidiaRuntime.handler}]
  runtime_type = "io.containerd.runc.v2"

[${runtimes}.${nvidiaRuntime.handler}.options]
  ${cgroupOf(settings)}
  BinaryName = "${nvidiaRuntime.program}"
`;
}

function configFile(settings: ContainerdSettings): string {
  const { pauseImage, node } = settings;
  const cgroup = cgroupOf(settings);
  const imports = settings.nvidia === true ? `imports = ["${moreSettings}/*.toml"]\n` : "";
  return `version = 3
${imports}
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"

[plugins."io.containerd.cri.v1.images".registry]
  config_path = "${registryFolder}"

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${pauseImage}"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = ${String(node.restrictOomScoreAdj)}

[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/opt/cni/bin"]
  conf_dir = "/etc/cni/net.d"

[plugins."io.containerd.cri.v1.runtime".containerd]
  default_runtime_name = "runc"

[${runtimes}.runc]
  runtime_type = "io.containerd.runc.v2"

[${runtimes}.runc.options]
  ${cgroup}

# Pods of the RuntimeClass "${nodeNames.runtimeHandler}": the program restores marked containers and is runc else.
[${runtimes}.${nodeNames.runtimeHandler}]
  runtime_type = "io.containerd.runc.v2"
  pod_annotations = ["${nodeNames.annotationPrefix}/*"]

[${runtimes}.${nodeNames.runtimeHandler}.options]
  ${cgroup}
  BinaryName = "${nodeNames.shim}"
`;
}

const unit = `[Unit]
Description=containerd container runtime
After=network.target local-fs.target

[Service]
Type=notify
ExecStart=/usr/local/bin/containerd
Delegate=yes
KillMode=process
Restart=always
RestartSec=2
LimitNOFILE=1048576
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`;

/** Dumps go to TMPDIR, and /tmp may be a tmpfs: memory would be held twice. */
function dropIn(programDigest: string): string {
  return `# program ${programDigest}\n[Service]\nEnvironment=TMPDIR=${nodeNames.containerdTmp}\n`;
}
