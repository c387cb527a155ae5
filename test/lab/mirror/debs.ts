import { chmod, cp, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runProgram } from "../run-program.ts";
import { versions } from "../versions.ts";

/** A Debian package made here, in the shape of its vendor's. */
interface Deb {
  readonly name: string;
  readonly version: string;
  readonly depends?: string;
  /** Further lines of the control file. */
  readonly control?: readonly string[];
  /** Path on the machine → file or folder of this host. */
  readonly files?: Readonly<Record<string, string>>;
  /** Path on the machine → text. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly conffiles?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
}

const kubeletUnit = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;
const kubeadmDropIn = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;
const containerdUnit = `[Unit]
Description=containerd container runtime
After=network.target local-fs.target

[Service]
ExecStart=/usr/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`;
const units = "/usr/lib/systemd/system";

/** What pkgs.k8s.io has for a minor; without crictl, which cannot be built here, and ebtables. */
export function kubernetesDebs(bundle: string): readonly Deb[] {
  const version = `${versions.kubernetes}-1.1`;
  const program = (name: string) => ({ [`/usr/bin/${name}`]: join(bundle, "bin", name) });
  return [
    {
      ...{ name: "kubelet", version, files: program("kubelet") },
      depends:
        "iptables (>= 1.4.21), kubernetes-cni (>= 1.2.0), iproute2, mount, util-linux, ethtool, conntrack, socat",
      texts: { [`${units}/kubelet.service`]: kubeletUnit },
    },
    {
      ...{ name: "kubeadm", version, files: program("kubeadm"), depends: "cri-tools (>= 1.30.0)" },
      texts: { [`${units}/kubelet.service.d/10-kubeadm.conf`]: kubeadmDropIn },
    },
    { name: "kubectl", version, files: program("kubectl") },
    {
      ...{ name: "cri-tools", version: "1.36.0-1.1" },
      texts: { "/usr/bin/crictl": "#!/bin/sh\necho crictl is not in the lab >&2\nexit 1\n" },
    },
    {
      ...{ name: "kubernetes-cni", version: `${versions.cniPlugins}-1.1` },
      files: { "/opt/cni/bin": join(bundle, "cni") },
    },
  ];
}

/** What Docker has: containerd with runc, the CRI switched off, started at once. */
export function containerdDeb(bundle: string, runc: string): Deb {
  const programs = ["containerd", "containerd-shim-runc-v2", "ctr"];
  const instead = ["Provides", "Conflicts", "Replaces"].map((word) => `${word}: containerd, runc`);
  return {
    ...{ name: "containerd.io", version: `${versions.containerd}-1~debian.13~trixie` },
    ...{ depends: "libc6, libseccomp2", control: instead },
    files: {
      ...Object.fromEntries(
        programs.map((name) => [`/usr/bin/${name}`, join(bundle, "bin", name)]),
      ),
      "/usr/bin/runc": runc,
    },
    texts: {
      [`${units}/containerd.service`]: containerdUnit,
      "/etc/containerd/config.toml": 'disabled_plugins = ["cri"]\n',
    },
    conffiles: ["/etc/containerd/config.toml"],
    scripts: {
      postinst: "#!/bin/sh\nsystemctl daemon-reload\nsystemctl enable -q --now containerd\n",
      prerm: "#!/bin/sh\nsystemctl stop containerd || true\n",
    },
  };
}

/** Writes the package into a folder, named as apt repositories name them. */
export async function buildDeb(deb: Deb, folder: string): Promise<void> {
  const root = join(folder, `${deb.name}.root`);
  const write = async (path: string, text: string, mode = 0o644) => {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    await chmod(target, mode);
  };
  for (const [path, source] of Object.entries(deb.files ?? {})) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await cp(source, join(root, path), { recursive: true });
  }
  for (const [path, text] of Object.entries(deb.texts ?? {})) {
    await write(path, text, path.startsWith("/usr/bin/") ? 0o755 : 0o644);
  }
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const control = [
    ...[`Package: ${deb.name}`, `Version: ${deb.version}`, `Architecture: ${architecture}`],
    "Maintainer: kubectl-clouder lab <lab@example.org>",
    ...(deb.depends === undefined ? [] : [`Depends: ${deb.depends}`]),
    ...(deb.control ?? []),
    "Description: made for the lab of kubectl-clouder",
  ];
  await write("DEBIAN/control", `${control.join("\n")}\n`);
  if (deb.conffiles) await write("DEBIAN/conffiles", `${deb.conffiles.join("\n")}\n`);
  for (const [name, text] of Object.entries(deb.scripts ?? {})) {
    await write(`DEBIAN/${name}`, text, 0o755);
  }
  const file = join(folder, `${deb.name}_${deb.version}_${architecture}.deb`);
  await runProgram(["dpkg-deb", "--root-owner-group", "-Zzstd", "-z3", "--build", root, file]);
  await rm(root, { recursive: true });
}
