import { isDeepStrictEqual } from "node:util";
import { parseNetwork } from "#bootstrap/spec/cidr";
import { wrongField } from "#bootstrap/spec/document";

/** Refuses networks in `allowCIDRs` that are none, or that let everybody in. */
export function checkAllowed(cidrs: readonly string[], path: string): void {
  for (const cidr of cidrs) {
    const network = parseNetwork(cidr);
    if (!network) throw wrongField(`${path}.allowCIDRs`, `has "${cidr}", which is no IPv4 network`);
    if (network.prefix === 0) {
      throw wrongField(
        `${path}.allowCIDRs`,
        "must not hold the whole Internet",
        "name your networks",
      );
    }
  }
}

/** Settings that may change while machines are there. */
const free: ReadonlySet<string> = new Set(["allowCIDRs", "ingress", "jumpHost"]);

/** The first of a cloud's parsed settings that machines which are there cannot follow. */
export function lastingDifference(known: object, wanted: object): string | undefined {
  const before: Readonly<Record<string, unknown>> = { ...known };
  const now: Readonly<Record<string, unknown>> = { ...wanted };
  const name = Object.keys({ ...before, ...now }).find(
    (one) => !free.has(one) && !isDeepStrictEqual(before[one], now[one]),
  );
  return name && `another ${name} (${JSON.stringify(before[name] ?? "none")})`;
}
