/** An operating system's images: where the newest is named, and how they are recognised. */
export interface ImageSource {
  readonly title: string;
  /** Account that publishes them. */
  readonly owner: string;
  /** The user whom the image lets in. */
  readonly user: string;
  readonly parameter: (architecture: Architecture) => string;
  readonly pattern: (architecture: Architecture) => string;
}

export type Architecture = "x86_64" | "arm64";

const short = (architecture: Architecture) => (architecture === "x86_64" ? "amd64" : "arm64");

const ubuntu = (version: string, codename: string, disk: string): ImageSource => ({
  title: `Ubuntu ${version}`,
  owner: "099720109477",
  user: "ubuntu",
  parameter: (one) =>
    `/aws/service/canonical/ubuntu/server/${version}/stable/current/${short(one)}/hvm/ebs-${disk === "hvm-ssd" ? "gp2" : "gp3"}/ami-id`,
  pattern: (one) => `ubuntu/images/${disk}/ubuntu-${codename}-${version}-${short(one)}-server-*`,
});

const debian = (version: string): ImageSource => ({
  title: `Debian ${version}`,
  owner: "136693071363",
  user: "admin",
  parameter: (one) => `/aws/service/debian/release/${version}/latest/${short(one)}`,
  pattern: (one) => `debian-${version}-${short(one)}-*`,
});

/** Images by the names that `image` takes. */
export const images: Readonly<Record<string, ImageSource>> = {
  Ubuntu2204: ubuntu("22.04", "jammy", "hvm-ssd"),
  Ubuntu2404: ubuntu("24.04", "noble", "hvm-ssd-gp3"),
  Ubuntu2604: ubuntu("26.04", "*", "hvm-ssd-gp3"),
  Debian12: debian("12"),
  Debian13: debian("13"),
};
