/**
 * Estimates in USD for Linux machines on demand and what stands around them: the vendor's public
 * list prices as they were known on that day, written down by hand and not fetched from the vendor.
 * A price that is not here is told as unknown; the user's own win (`cluster plan --prices`).
 */
export const prices = {
  asOf: "2025-06-30",
  /** By region, an hour. */
  machines: {
    eastus: {
      ...{ Standard_B2s: 0.0416, Standard_B2ms: 0.0832, Standard_B4ms: 0.166 },
      ...{ Standard_B8ms: 0.333, Standard_D2s_v5: 0.096, Standard_D4s_v5: 0.192 },
      ...{ Standard_D8s_v5: 0.384, Standard_E4s_v5: 0.252, Standard_NC4as_T4_v3: 0.526 },
    },
    eastus2: {
      ...{ Standard_B2s: 0.0416, Standard_B2ms: 0.0832, Standard_B4ms: 0.166 },
      ...{ Standard_D2s_v5: 0.096, Standard_D4s_v5: 0.192, Standard_D8s_v5: 0.384 },
    },
    westus2: {
      ...{ Standard_B2s: 0.0416, Standard_B2ms: 0.0832, Standard_B4ms: 0.166 },
      ...{ Standard_D2s_v5: 0.096, Standard_D4s_v5: 0.192, Standard_D8s_v5: 0.384 },
    },
  } as Readonly<Record<string, Readonly<Record<string, number>>>>,
  /** In these regions. */
  network: { balancer: 0.025, natGateway: 0.045, publicAddress: 0.005 },
  /** Premium SSD disks a month, by the GiB up to which one reaches. */
  disks: [
    [32, 5.28],
    [64, 10.21],
    [128, 19.71],
    [256, 38.02],
    [512, 73.22],
    [1024, 135.17],
    [2048, 259.05],
    [4096, 495.57],
  ],
} as const;
