import type { HostFacts } from "#bootstrap/nodes/host-facts";
import { atLeast, leastCriu, systems, type System } from "#bootstrap/packages/systems";
import { upstream } from "#bootstrap/packages/upstream";
import { ClouderError } from "#core/error";

/** Where packages and images come from: the vendors' own hosts, or a mirror of them. */
export interface Origin {
  readonly kubernetes: RepositoryOrigin;
  readonly containerd: RepositoryOrigin;
  readonly criu: RepositoryOrigin;
  readonly nvidia: {
    /** Its key is that of the machine's system, unless there is one for all. */
    readonly driver: { readonly url: string; readonly fingerprint?: string };
    readonly toolkit: RepositoryOrigin;
  };
  /** The version of containerd.io, or the beginning of one: "2.3", "2.3.6". */
  readonly containerdVersion: string;
  /** PEM of the authority that signed the certificates of the hosts above. */
  readonly authority?: string;
}

interface RepositoryOrigin {
  readonly url: string;
  /** Of the one key that signs it; 16 digits at least, of its end. */
  readonly fingerprint: string;
}

/** One apt repository on a machine. */
export interface Repository {
  readonly name: "kubernetes" | "docker" | "criu" | "nvidia-driver" | "nvidia-container-toolkit";
  readonly url: string;
  /** What follows the address in sources.list. */
  readonly suite: string;
  readonly keyUrl: string;
  readonly fingerprint: string;
  readonly keyring: string;
  readonly list: string;
  /** Packages with their pins, as apt-get install takes them. */
  readonly packages: readonly string[];
}

/** The repositories that a machine needs for a version of Kubernetes (D2, D4, D6). */
export function repositoriesFor(
  origin: Origin,
  host: HostFacts,
  kubernetesVersion: string,
): readonly Repository[] {
  const system = systemOf(host);
  const number = kubernetesVersion.slice(1);
  const minor = number.split(".").slice(0, 2).join(".");
  const deb = `${origin.kubernetes.url}/core:/stable:/v${minor}/deb/`;
  const docker = `${origin.containerd.url}/linux/${system.distribution}`;
  const project = projectFolder(system, host.kernel);
  return [
    {
      ...places("kubernetes", "kubernetes-apt-keyring"),
      ...{ url: deb, suite: "/", keyUrl: `${deb}Release.key` },
      fingerprint: origin.kubernetes.fingerprint,
      packages: [
        ...["kubelet", "kubeadm", "kubectl"].map((name) => `${name}=${number}-*`),
        ...["cri-tools", "kubernetes-cni"],
      ],
    },
    {
      ...places("docker", "docker"),
      ...{ url: docker, suite: `${system.codename} stable`, keyUrl: `${docker}/gpg` },
      fingerprint: origin.containerd.fingerprint,
      packages: [`containerd.io=${origin.containerdVersion}${dotted(origin.containerdVersion)}`],
    },
    ...(project === undefined
      ? []
      : [criuRepository(`${origin.criu.url}/${project}/`, origin.criu.fingerprint)]),
  ];
}

/** CRIU's package where no repository of its own is needed. */
export function distributionPackages(host: HostFacts): readonly string[] {
  return projectFolder(systemOf(host), host.kernel) === undefined ? ["criu"] : [];
}

/** What is known about a machine's system; `unsupported` names the systems that are known. */
export function systemOf({ name, os, architecture }: HostFacts): System {
  const system = systems[os];
  if (!system) {
    const known = Object.values(systems).map(({ title }) => title);
    throw new ClouderError("unsupported", `${name} runs ${os}, for which no packages are known`, {
      hint: `install one of ${known.join(", ")} there, or give an offline bundle made for ${os} with --bundle`,
    });
  }
  const reason = system.refused?.[architecture];
  if (reason !== undefined) {
    throw new ClouderError(
      "unsupported",
      `${name} runs ${system.title} on ${architecture}: ${reason}`,
      {
        hint: "use Ubuntu 26.04 or Debian 13 on that architecture",
      },
    );
  }
  return system;
}

/** The CRIU project's folder for a machine whose distribution has none that fits the kernel. */
function projectFolder({ title, criu }: System, kernel: string): string | undefined {
  const least = leastCriu(kernel);
  if (criu.distribution !== undefined && atLeast(criu.distribution, least)) return undefined;
  if (criu.project !== undefined) return criu.project;
  throw new ClouderError(
    "unsupported",
    `${title} has no CRIU ${least}, which kernel ${kernel} needs`,
    {
      hint: "boot an older kernel, or give an offline bundle with --bundle",
    },
  );
}

function criuRepository(url: string, fingerprint: string): Repository {
  return {
    ...places("criu", "criu"),
    ...{ url, suite: "/", keyUrl: `${url}Release.key`, fingerprint, packages: ["criu"] },
  };
}

/** Where a repository's key and its line are on a machine. */
export function places<N extends Repository["name"]>(name: N, keyring: string) {
  return {
    name,
    keyring: `/etc/apt/keyrings/${keyring}.gpg`,
    list: `/etc/apt/sources.list.d/${name}.list`,
  };
}

/** "2.3" and "2.3.6" to a pattern for "2.3.6-1~debian.13~trixie". */
function dotted(version: string): string {
  return version.split(".").length > 2 ? "-*" : ".*";
}

/** `unsupported` unless the packages, files and the pod network fit this version. */
export function checkMinor(kubernetesVersion: string): void {
  const { oldest, newest } = upstream.kubernetes.minors;
  const minor = Number(kubernetesVersion.split(".")[1]);
  if (minor >= oldest && minor <= newest) return;
  throw new ClouderError("config", `Kubernetes ${kubernetesVersion} cannot be installed`, {
    hint: `use a version from v1.${oldest} to v1.${newest} with --kubernetes-version`,
  });
}
