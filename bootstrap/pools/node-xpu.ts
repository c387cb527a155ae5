const written = "xpu.datalayer.io/";
/** The original's earlier label, which we read and never write. */
const earlier = "node.datalayer.io/xpu";

/** What a node computes with, by its labels: `cpu`, `gpu-cuda`; empty where nothing says it. */
export function nodeXpu(labels: Readonly<Record<string, string>> = {}): string {
  const own = Object.entries(labels)
    .filter(([key, value]) => key.startsWith(written) && value === "true")
    .map(([key]) => key.slice(written.length))
    .sort();
  return own.length > 0 ? own.join(",") : (labels[earlier] ?? "");
}
