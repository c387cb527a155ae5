import { parseAddress, parseNetwork } from "#bootstrap/spec/cidr";
import { ClouderError } from "#core/error";

/** The public address of this machine, as a server on the Internet sees it; undefined when nobody tells. */
export async function callerAddress(): Promise<string | undefined> {
  try {
    const answer = await fetch("https://checkip.amazonaws.com", {
      signal: AbortSignal.timeout(5000),
    });
    const text = (await answer.text()).trim();
    return answer.ok && parseAddress(text) !== undefined ? text : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Networks that may reach the cluster: those that were given, else this machine's address alone.
 * `refused` when the given ones lock this machine out.
 */
export function allowedNetworks(
  given: readonly string[],
  caller: string | undefined,
): readonly string[] {
  if (given.length === 0) {
    if (caller !== undefined) return [`${caller}/32`];
    throw new ClouderError("usage", "this machine's public address cannot be found out", {
      hint: "say who may reach the cluster: --allow-cidr 203.0.113.7/32",
    });
  }
  const own = caller === undefined ? undefined : parseAddress(caller);
  const inside = given.some((cidr) => {
    const network = parseNetwork(cidr);
    return network && own !== undefined && network.first <= own && own <= network.last;
  });
  if (own !== undefined && !inside) {
    throw new ClouderError(
      "refused",
      `${given.join(", ")} would lock out ${caller ?? ""}, this machine`,
      {
        hint: `add --allow-cidr ${caller ?? ""}/32`,
      },
    );
  }
  return given;
}
