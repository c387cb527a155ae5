/** An IPv4 network as numbers; both ends belong to it. */
export interface Network {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** Reads "10.244.0.0/16"; undefined unless it is a network written with its own base address. */
export function parseNetwork(cidr: string): Network | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(cidr);
  const first = match && parseAddress(match[1] ?? "");
  const prefix = Number(match?.[2]);
  if (first === undefined || first === null || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  return first % size === 0 ? { first, last: first + size - 1, prefix } : undefined;
}

/** Reads "10.0.0.1" as a number; undefined when it is no IPv4 address. */
export function parseAddress(address: string): number | undefined {
  const parts = address.split(".");
  if (parts.length !== 4) return undefined;
  let number = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    number = number * 256 + Number(part);
  }
  return number;
}

/** Writes a number as an address. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** True when two networks share an address. */
export function overlap(one: Network, other: Network): boolean {
  return one.first <= other.last && other.first <= one.last;
}
