/** What the fake's regions offer. */
export interface Sku {
  readonly name: string;
  readonly family: string;
  readonly locations: readonly string[];
  readonly zones: readonly string[];
  readonly vcpus: number;
  readonly memory: number;
  readonly gpus?: number;
  readonly architecture?: "x64" | "Arm64";
  readonly generations?: string;
  readonly spot?: boolean;
  readonly restrictions?: readonly {
    readonly type: "Location" | "Zone";
    readonly zones?: readonly string[];
  }[];
}

const everywhere = ["eastus", "westeurope", "northcentralus"];
const all = ["1", "2", "3"];

export const skus: readonly Sku[] = [
  {
    name: "Standard_B2s",
    family: "standardBSFamily",
    locations: everywhere,
    zones: all,
    vcpus: 2,
    memory: 4,
  },
  {
    name: "Standard_B4ms",
    family: "standardBSFamily",
    locations: everywhere,
    zones: all,
    vcpus: 4,
    memory: 16,
  },
  {
    name: "Standard_D4s_v5",
    family: "standardDSv5Family",
    locations: everywhere,
    zones: all,
    vcpus: 4,
    memory: 16,
    spot: true,
  },
  {
    name: "Standard_D4ps_v5",
    family: "standardDPSv5Family",
    locations: everywhere,
    zones: all,
    vcpus: 4,
    memory: 16,
    spot: true,
    architecture: "Arm64",
  },
  {
    name: "Standard_D2",
    family: "standardDFamily",
    locations: ["eastus"],
    zones: [],
    vcpus: 2,
    memory: 7,
    generations: "V1",
  },
  {
    name: "Standard_NC4as_T4_v3",
    family: "standardNCASv3_T4Family",
    locations: ["eastus"],
    zones: ["1"],
    vcpus: 4,
    memory: 28,
    gpus: 1,
    spot: true,
  },
  {
    name: "Standard_NC24ads_A100_v4",
    family: "StandardNCADSA100v4Family",
    locations: ["eastus"],
    zones: ["1"],
    vcpus: 24,
    memory: 220,
    gpus: 1,
    spot: true,
  },
  {
    name: "Standard_E4s_v5",
    family: "standardESv5Family",
    locations: ["eastus"],
    zones: all,
    vcpus: 4,
    memory: 32,
    restrictions: [{ type: "Location" }],
  },
  {
    name: "Standard_F4s_v2",
    family: "standardFSv2Family",
    locations: ["eastus"],
    zones: all,
    vcpus: 4,
    memory: 8,
    spot: true,
    restrictions: [{ type: "Zone", zones: ["2", "3"] }],
  },
];

export interface Image {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  versions: string[];
}

const canonical = (offer: string, sku: string, ...versions: string[]): Image => ({
  ...{ publisher: "Canonical", offer, sku, versions },
});

export const images: readonly Image[] = [
  canonical(
    "0001-com-ubuntu-server-jammy",
    "22_04-lts-gen2",
    "22.04.202601010",
    "22.04.202606090",
    "22.04.202605100",
  ),
  canonical("0001-com-ubuntu-server-jammy", "22_04-lts-arm64", "22.04.202606090"),
  canonical("ubuntu-24_04-lts", "server", "24.04.202606060"),
  { publisher: "Debian", offer: "debian-12", sku: "12-gen2", versions: ["0.20260601.2100"] },
  { publisher: "Debian", offer: "debian-13", sku: "13-gen2", versions: ["0.20260601.2100"] },
];

/** Region, its name for people, and its zones. */
export const locations = [
  ["eastus", "East US", all],
  ["westeurope", "West Europe", all],
  ["northcentralus", "North Central US", []],
] as const;
