import { expect, it } from "vitest";
import type { Checkpoint } from "#checkpoint/api/types";
import { checkpointDetails, checkpointList, checkpointTaken } from "#plugin/output/checkpoints";
import { renderResult } from "#plugin/output/print";

const checkpoint: Checkpoint = {
  apiVersion: "clouder.datalayer.io/v1alpha1",
  kind: "Checkpoint",
  metadata: {
    name: "20261121t042036z-k3x9q",
    namespace: "alice",
    creationTimestamp: "2026-11-21T04:20:36Z",
  },
  spec: { podName: "notebook" },
  status: {
    phase: "Completed",
    storeName: "s3",
    location: "s3://b/alice/notebook/20261121t042036z-k3x9q/",
    rawBytes: 1 << 30,
    storedBytes: 300 << 20,
    containers: [
      {
        name: "main",
        rawBytes: 1 << 30,
        storedBytes: 300 << 20,
        callMilliseconds: 2100,
        frozenMilliseconds: 640,
        way: "handler",
      },
    ],
  },
};
const failed: Checkpoint = {
  ...checkpoint,
  status: { phase: "Failed", error: { code: "criu", message: "no", hint: "do", logLines: ["l"] } },
};
const now = Date.parse("2026-11-21T04:21:36Z");

it("a list shows what one chooses by", async () => {
  const { stdout } = await renderResult(
    checkpointList([checkpoint, { ...checkpoint, status: {} }], { now, withNamespace: true }),
    "table",
  );
  expect(stdout).toBe(
    [
      "NAMESPACE   ID                       POD        PHASE       SIZE   STORED   FROZEN   STORE   AGE",
      "alice       20261121t042036z-k3x9q   notebook   Completed   1Gi    300Mi    640 ms   s3      60s",
      "alice       20261121t042036z-k3x9q   notebook   Pending     -      -        -        -       60s",
      "",
    ].join("\n"),
  );
});

it("details say where it lies, how long it froze, and why it failed", () => {
  const text = checkpointDetails(checkpoint).text ?? "";
  expect(text).toMatch(/location: +s3:\/\/b\/alice/);
  expect(text).toMatch(
    /container main: 1Gi, stored 300Mi, frozen 640 ms, call 2.1 s, by the handler/,
  );
  const why = checkpointDetails(failed).text ?? "";
  expect(why).toMatch(/error: +no \(criu\)\ncure: +do\nlog: +l/);
});

it("the end of checkpoint pod names the id, or how to follow it", () => {
  expect(checkpointTaken(checkpoint)).toMatchObject({
    names: ["checkpoint.clouder.datalayer.io/20261121t042036z-k3x9q"],
    text: expect.stringContaining("frozen for 640 ms") as string,
  });
  expect(checkpointTaken({ ...checkpoint, status: {} }).text).toContain(
    "kubectl clouder checkpoint show 20261121t042036z-k3x9q -n alice",
  );
});
