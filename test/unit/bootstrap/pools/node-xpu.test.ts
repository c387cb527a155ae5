import { expect, test } from "vitest";
import { nodeXpu } from "#bootstrap/pools/node-xpu";
import { nodeLabels, poolLabels } from "#bootstrap/pools/pool-kind";

test.each([
  [{ "xpu.datalayer.io/gpu-cuda": "true" }, "gpu-cuda"],
  [{ "node.datalayer.io/xpu": "gpu-cuda" }, "gpu-cuda"],
  [{ "xpu.datalayer.io/cpu": "true", "node.datalayer.io/xpu": "gpu" }, "cpu"],
  [{ "xpu.datalayer.io/gpu-cuda": "false" }, ""],
  [undefined, ""],
])("L2 a node with %j computes with %s", (labels, xpu) => {
  expect(nodeXpu(labels)).toBe(xpu);
});

test("L2 the earlier label is read and never written; role, variant and xpu have the original's defaults", () => {
  const pool = { name: "gpu", count: 1, taints: [], checkpoint: true };
  const written = nodeLabels({ ...pool, labels: poolLabels({ xpu: "gpu-cuda" }, {}) });
  expect(Object.keys(written)).not.toContain("node.datalayer.io/xpu");
  expect(nodeXpu(written)).toBe("gpu-cuda");
  expect(nodeLabels({ ...pool, labels: {} })).toMatchObject({
    "role.datalayer.io/runtime": "true",
    "node.datalayer.io/variant": "medium",
    "xpu.datalayer.io/cpu": "true",
  });
});
