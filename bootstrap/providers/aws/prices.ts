/**
 * Estimates in USD for Linux machines on demand and what stands around them: the vendor's public
 * list prices as they were known on that day, written down by hand and not fetched from the vendor.
 * A price that is not here is told as unknown; the user's own win (`cluster plan --prices`).
 */
export const prices = {
  asOf: "2026-11-21",
  /** By region, an hour. */
  machines: {
    "us-east-1": {
      ...{ "t3.medium": 0.0416, "t3.large": 0.0832, "t3.xlarge": 0.1664, "t3.2xlarge": 0.3328 },
      ...{ "m5.large": 0.096, "m5.xlarge": 0.192, "m5.2xlarge": 0.384 },
    },
    "us-east-2": {
      ...{ "t3.medium": 0.0416, "t3.large": 0.0832, "t3.xlarge": 0.1664, "t3.2xlarge": 0.3328 },
      ...{ "m5.large": 0.096, "m5.xlarge": 0.192, "m5.2xlarge": 0.384 },
    },
    "us-west-2": {
      ...{ "t3.medium": 0.0416, "t3.large": 0.0832, "t3.xlarge": 0.1664, "t3.2xlarge": 0.3328 },
      ...{ "m5.large": 0.096, "m5.xlarge": 0.192, "m5.2xlarge": 0.384 },
    },
  } as Readonly<Record<string, Readonly<Record<string, number>>>>,
  /** In these regions. */
  network: { balancer: 0.0225, natGateway: 0.045, publicAddress: 0.005 },
  /** A month. */
  diskGigabyte: 0.08,
} as const;
