const factors: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** Bytes of a Kubernetes quantity such as `512Mi`; undefined when it is absent or none. */
export function parseBytes(quantity: unknown): number | undefined {
  if (typeof quantity === "number") return quantity;
  if (typeof quantity !== "string") return undefined;
  const match = /^(\d+(?:\.\d+)?(?:e\d+)?)([a-zA-Z]{0,2})$/.exec(quantity);
  const factor = factors[match?.[2] ?? "?"];
  return match && factor !== undefined ? Math.ceil(Number(match[1]) * factor) : undefined;
}
