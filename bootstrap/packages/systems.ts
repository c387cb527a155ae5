/** An operating system whose machines can become nodes by its package manager. */
export interface System {
  /** For people. */
  readonly title: string;
  readonly distribution: "debian" | "ubuntu";
  /** Name of the release in Docker's repository. */
  readonly codename: string;
  readonly criu: {
    /** Version that the distribution has; absent: it has none. */
    readonly distribution?: string;
    /** Folder of this system in the CRIU project's repository; absent: there is none. */
    readonly project?: string;
  };
  readonly nvidia: {
    /** Branch of the driver. */
    readonly branch: number;
    /**
     * Folder of this system in NVIDIA's repositories, whose modules the machine builds (DKMS);
     * absent: the distribution's own packages, with modules that it has built and signed.
     */
    readonly folder?: "debian12" | "debian13";
  };
  /** What is known to go wrong there; told before anything is installed. */
  readonly traps: readonly string[];
  /** Architectures on which checkpoints are known to hang; refused. */
  readonly refused?: Readonly<Record<string, string>>;
}

/**
 * The systems that packages are known for, by ID-VERSION_ID of /etc/os-release. containerd.io brings
 * containerd and runc on all of them; CRIU comes from the distribution where its version fits the
 * kernel, else from the CRIU project.
 */
export const systems: Readonly<Record<string, System>> = {
  "debian-12": {
    title: "Debian 12 (bookworm)",
    distribution: "debian",
    codename: "bookworm",
    criu: { distribution: "3.17", project: "Debian_12" },
    nvidia: { branch: 580, folder: "debian12" },
    traps: ["CRIU 3.17 fails on kernels from 6.16 on: they take the CRIU project's"],
  },
  "debian-13": {
    title: "Debian 13 (trixie)",
    distribution: "debian",
    codename: "trixie",
    criu: { distribution: "4.1", project: "Debian_13" },
    nvidia: { branch: 595, folder: "debian13" },
    traps: ["/tmp is in memory: containerd's dumps go to /var/lib/clouder/tmp instead"],
  },
  "ubuntu-22.04": {
    title: "Ubuntu 22.04 LTS (jammy)",
    distribution: "ubuntu",
    codename: "jammy",
    criu: { distribution: "3.16", project: "xUbuntu_22.04" },
    nvidia: { branch: 580 },
    traps: ["CRIU is in universe, which minimal images leave out of their sources"],
  },
  "ubuntu-24.04": {
    title: "Ubuntu 24.04 LTS (noble)",
    distribution: "ubuntu",
    codename: "noble",
    criu: { project: "xUbuntu_24.04" },
    nvidia: { branch: 580 },
    traps: ["the distribution has no CRIU: it comes from the CRIU project"],
    refused: { arm64: "restores hang there with the CRIU project's packages" },
  },
  "ubuntu-26.04": {
    title: "Ubuntu 26.04 LTS (resolute)",
    distribution: "ubuntu",
    codename: "resolute",
    criu: { distribution: "4.2" },
    nvidia: { branch: 580 },
    traps: ["CRIU is in universe, which minimal images leave out of their sources"],
  },
};

/** The oldest CRIU that containerd takes, and the oldest that works on a kernel. */
export function leastCriu(kernel: string): string {
  const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  return major > 6 || (major === 6 && minor >= 16) ? "4.2" : "3.16";
}

/** True when a version (major.minor…) is at least as new as another. */
export function atLeast(version: string, least: string): boolean {
  const parts = (text: string) => text.split(".").map((part) => Number.parseInt(part, 10));
  const [major = Number.NaN, minor = Number.NaN] = parts(version);
  const [leastMajor = 0, leastMinor = 0] = parts(least);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
