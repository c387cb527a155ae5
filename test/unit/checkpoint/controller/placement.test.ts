import { describe, expect, it } from "vitest";
import type { Container } from "#kube/objects";
import { placementOf, podRequests } from "#checkpoint/controller/placement";
import { makePod } from "#test/unit/checkpoint/controller/objects";

const asks = (memory: string, more: object = {}): Container => ({
  name: memory,
  resources: { requests: { memory } },
  ...more,
});

describe("a pod's requests", () => {
  it("are the containers together when no init container needs more", () => {
    const spec = { containers: [asks("1Gi"), asks("512Mi")], initContainers: [asks("1Gi")] };
    expect(podRequests(spec)).toEqual({ memory: 1.5 * 2 ** 30 });
  });

  it("are the largest init container with the sidecars before it when that is more", () => {
    const sidecar = asks("1Gi", { restartPolicy: "Always" });
    const spec = { containers: [asks("1Mi")], initContainers: [sidecar, asks("2Gi")] };
    expect(podRequests(spec)).toEqual({ memory: 3 * 2 ** 30 });
  });

  it("count sidecars beside the containers and the overhead on top", () => {
    const sidecar = asks("1Gi", { restartPolicy: "Always" });
    const spec = {
      containers: [asks("1Gi")],
      initContainers: [sidecar],
      overhead: { memory: "1" },
    };
    expect(podRequests(spec)).toEqual({ memory: 2 ** 31 + 1 });
  });

  it("follow pod-level requests where they are set", () => {
    const spec = { containers: [asks("1Gi")], resources: { requests: { memory: "4Gi" } } };
    expect(podRequests(spec)).toEqual({ memory: 2 ** 32 });
  });
});

describe("a placement", () => {
  const required = (...nodeSelectorTerms: object[]) => ({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    },
  });
  const byName = { matchFields: [{ key: "metadata.name", operator: "In", values: ["node-1"] }] };
  const host = { key: "kubernetes.io/hostname", operator: "In", values: ["node-1"] };
  const zone = { key: "zone", operator: "In", values: ["a"] };

  it.each([
    ["by name, as a restored pod carries it", required(byName)],
    ["by the hostname label", required({ matchExpressions: [host] })],
    ["by a node selector", { nodeSelector: { "kubernetes.io/hostname": "node-1" } }],
    ["by one of several alternatives", required({ matchExpressions: [zone] }, byName)],
  ])("leaves out a pin to one node: %s", (_how, spec) => {
    const placement = placementOf(makePod(spec));
    expect(placement.requiredNodeAffinity).toBeUndefined();
    expect(placement.nodeSelector).toBeUndefined();
  });

  it("keeps what else a pinned pod asks of its node", () => {
    const pod = makePod({
      ...required({ ...byName, matchExpressions: [host, zone] }),
      nodeSelector: { "kubernetes.io/hostname": "node-1", disk: "ssd" },
    });
    expect(placementOf(pod)).toMatchObject({
      requiredNodeAffinity: [{ matchExpressions: [zone] }],
      nodeSelector: { disk: "ssd" },
    });
  });
});
