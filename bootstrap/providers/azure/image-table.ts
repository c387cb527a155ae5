export type Architecture = "x64" | "Arm64";

/** An operating system's images, generation 2. */
export interface ImageSource {
  readonly title: string;
  readonly publisher: string;
  readonly offer: string;
  readonly skus: Readonly<Record<Architecture, string>>;
}

const source = (
  title: string,
  publisher: string,
  offer: string,
  x64: string,
  Arm64: string,
): ImageSource => ({ title, publisher, offer, skus: { x64, Arm64 } });

/** Images by the names that `image` takes. */
export const images: Readonly<Record<string, ImageSource>> = {
  Ubuntu2204: source(
    ...(["Ubuntu 22.04", "Canonical", "0001-com-ubuntu-server-jammy"] as const),
    ...(["22_04-lts-gen2", "22_04-lts-arm64"] as const),
  ),
  Ubuntu2404: source("Ubuntu 24.04", "Canonical", "ubuntu-24_04-lts", "server", "server-arm64"),
  Ubuntu2604: source("Ubuntu 26.04", "Canonical", "ubuntu-26_04-lts", "server", "server-arm64"),
  Debian12: source("Debian 12", "Debian", "debian-12", "12-gen2", "12-arm64"),
  Debian13: source("Debian 13", "Debian", "debian-13", "13-gen2", "13-arm64"),
};
