import { expect, test } from "vitest";
import { deletedCluster } from "#plugin/output/clusters";

test("H6 a delete ends with what is left, and with nothing says that it looked", () => {
  expect(deletedCluster({ name: "dev", machines: "gone", stays: [] }).text).toBe(
    "cluster dev deleted; a last look found nothing that was made for it",
  );
  const kept = {
    name: "dev",
    machines: "gone",
    stays: ["the volume vol-1 of pvc-2 stays"],
  } as const;
  expect(deletedCluster(kept)).toMatchObject({
    text: expect.stringMatching(/\nstays: the volume vol-1 of pvc-2 stays$/) as string,
    object: kept,
  });
});
