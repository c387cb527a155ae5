import { hash } from "node:crypto";

/**
 * A volume's name derived from what it holds alone: equal volumes of several items are one, and a
 * second call for the same pod finds the first one's.
 */
export function volumeName(kind: "home" | "secret", source: object): string {
  const digest = hash("sha256", JSON.stringify(source), "hex");
  return `clouder-${kind}-${digest.slice(0, 12)}`;
}
