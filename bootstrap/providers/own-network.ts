import { ClouderError } from "#core/error";
import { overlap, parseNetwork } from "#bootstrap/spec/cidr";
import type { ProviderContext } from "./provider.ts";

/** Fails when the machines' network and one of the cluster's own overlap; `flag` chooses the former, if it is ours. */
export function refuseOverlap(
  machines: { readonly what: string; readonly cidr: string; readonly flag?: string },
  network: ProviderContext["spec"]["network"],
): void {
  const { what, cidr, flag } = machines;
  const own = parseNetwork(cidr);
  for (const [name, range] of [
    ["pod network", network.podCIDR],
    ["service network", network.serviceCIDR],
  ] as const) {
    const other = parseNetwork(range);
    if (!own || !other || !overlap(own, other)) continue;
    throw new ClouderError("config", `the ${what} ${cidr} and the ${name} ${range} overlap`, {
      hint: `choose others with ${flag === undefined ? "" : `${flag}, `}--pod-cidr or --service-cidr`,
    });
  }
}
