import { nodePaths } from "#checkpoint/api/names";
import { ClouderError } from "#core/error";

/** "auto": the cluster's CA, else the certificate file on the node; "pinned": only that file. */
export const kubeletCertificates = ["auto", "cluster-ca", "pinned"] as const;

/** The image of a version, as containerd stores its name. */
export function imageName(version: string): string {
  return `docker.io/clouder/kubectl-clouder:${version}`;
}

export interface InstallSettings {
  readonly image: string;
  /** Folders on nodes that file:// stores may use. */
  readonly storeFolders: readonly string[];
  readonly kubeletCertificate: (typeof kubeletCertificates)[number];
  /** Agents watch what AWS or Azure say about the end of their machines, on their nodes' network. */
  readonly preemption: boolean;
}

/** System folders that would give whoever may make stores a way into the node. */
const forbidden = [
  "/etc",
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/boot",
  "/root",
  "/proc",
  "/sys",
  "/dev",
];

/** Checked and completed settings; `usage` names the wrong value. */
export function installSettings(wanted: {
  readonly image: string;
  readonly storeFolders?: readonly string[] | undefined;
  readonly kubeletCertificate?: string | undefined;
  readonly preemption?: boolean;
}): InstallSettings {
  const { kubeletCertificate = "auto" } = wanted;
  const known = kubeletCertificates.find((one) => one === kubeletCertificate);
  if (known === undefined) {
    throw new ClouderError("usage", `unknown kubelet certificate "${kubeletCertificate}"`, {
      hint: `use one of: ${kubeletCertificates.join(", ")}`,
    });
  }
  if (!/^[a-z0-9][\w./:@-]*$/i.test(wanted.image)) {
    throw new ClouderError("usage", `"${wanted.image}" is no image name`, {
      hint: "give it as registry/repository:tag",
    });
  }
  const folders = [...(wanted.storeFolders ?? [])].map(checkFolder);
  return {
    image: wanted.image,
    storeFolders: [...new Set([nodePaths.defaultStore, ...folders])].sort(),
    kubeletCertificate: known,
    preemption: wanted.preemption ?? false,
  };
}

function checkFolder(folder: string): string {
  const path = folder.replace(/\/+$/, "");
  const parts = path.split("/").slice(1);
  const plain = /^\/[\w./-]+$/.test(path) && parts.every((part) => !["", ".", ".."].includes(part));
  if (!plain || path === "/var/lib/kubelet") {
    throw new ClouderError("usage", `"${folder}" is no folder for stores`, {
      hint: "give an absolute path without .. such as /mnt/checkpoints",
    });
  }
  const inside = forbidden.find((top) => path === top || path.startsWith(`${top}/`));
  if (inside !== undefined) {
    throw new ClouderError("usage", `"${folder}" lies in ${inside}, a system folder`, {
      hint: "give a data folder such as /mnt/checkpoints",
    });
  }
  return path;
}
