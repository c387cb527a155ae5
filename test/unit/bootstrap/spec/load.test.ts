import { describe, expect, test } from "vitest";
import { documentVersion } from "#bootstrap/spec/cluster-fields";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";
import { sourceOf } from "#test/fixtures/cluster-source";
import { wrongSpecs } from "#test/fixtures/wrong-clusters";

const defaults = { kubernetesVersion: "v1.36.3", bundle: "/bundle" };
const document = (spec: object, name = "lab") => ({
  apiVersion: documentVersion,
  kind: "Cluster",
  metadata: { name },
  spec,
});
const load = (spec: object, flags: ClusterFlags = {}) =>
  loadSpec({ source: sourceOf(document(spec)), flags, defaults });

describe("the spec of a cluster", () => {
  test("is complete from a name alone", () => {
    expect(loadSpec({ flags: { name: "dev" }, defaults })).toEqual({
      name: "dev",
      provider: { name: "local", settings: {} },
      kubernetesVersion: "v1.36.3",
      network: {
        podCIDR: "10.244.0.0/16",
        serviceCIDR: "10.96.0.0/12",
        dnsDomain: "cluster.local",
        cni: "flannel",
      },
      controlPlane: { count: 1, schedulable: false },
      pools: [{ name: "workers", count: 1, labels: {}, taints: [], checkpoint: true }],
      packages: { kind: "bundle", folder: "/bundle" },
    });
  });

  test("takes flags over the document and the document over defaults", () => {
    const spec = load(
      {
        kubernetesVersion: "v1.36.1",
        network: { podCIDR: "10.50.0.0/16" },
        pools: [{ name: "workers", count: 2 }],
        packages: { bundle: "/other" },
      },
      { name: "flagged", workers: 5, podCIDR: "10.60.0.0/16" },
    );
    expect(spec).toMatchObject({
      name: "flagged",
      kubernetesVersion: "v1.36.1",
      network: { podCIDR: "10.60.0.0/16" },
      pools: [{ name: "workers", count: 5 }],
      packages: { folder: "/other" },
    });
  });

  test("has its cloud's controllers where nodes get images from registries, unless it says no", () => {
    const cloud = { name: "azure", settings: {} };
    const online = { kind: "online" };
    expect(load({ provider: cloud, packages: online }).cloudController).toBe(true);
    expect(load({ provider: cloud }).cloudController).toBeUndefined();
    expect(load({ provider: cloud, cloudController: true }).cloudController).toBe(true);
    const without = load({ provider: cloud, packages: online, cloudController: false });
    expect(without.cloudController).toBeUndefined();
    expect(load({ packages: online }).cloudController).toBeUndefined();
    expect(() => load({ cloudController: true })).toThrow(
      "spec.cloudController is for clusters of aws and azure, not of local",
    );
  });

  test("takes every listed host that is not the control plane as a worker", () => {
    const hosts = ["root@10.0.0.1", "root@10.0.0.2", "root@10.0.0.3"];
    expect(
      loadSpec({ flags: { name: "x", provider: "ssh", hosts }, defaults }).pools[0]?.count,
    ).toBe(2);
    const inDocument = load({ provider: { name: "ssh", settings: { hosts } } });
    expect(inDocument.pools[0]?.count).toBe(2);
  });

  test("names the machines as the original design does (B2)", () => {
    const spec = load({
      pools: [
        { name: "workers", count: 2 },
        { name: "gpu", count: 1 },
      ],
    });
    expect(wantedMachines(spec)).toEqual([
      { name: "lab-master", role: "control-plane", pool: "control-plane" },
      { name: "lab-node-1", role: "worker", pool: "workers" },
      { name: "lab-node-2", role: "worker", pool: "workers" },
      { name: "lab-node-3", role: "worker", pool: "gpu" },
    ]);
  });

  test.each(wrongSpecs)("refuses %j and names the place", (spec, named) => {
    expect(() => load(spec)).toThrow(
      expect.objectContaining({
        code: "config",
        message: expect.stringContaining(named) as string,
      }) as Error,
    );
  });

  test.each(["", "Dev", "-dev", "dev-", "1dev", "a_b", "a.b", "x".repeat(41)])(
    "refuses the name %j",
    (name) => {
      expect(() => loadSpec({ flags: { name }, defaults })).toThrow(
        expect.objectContaining({ code: "usage" }) as Error,
      );
    },
  );

  test.each([
    [{ ...document({}), apiVersion: "v1" }, "apiVersion"],
    [{ ...document({}), kind: "Pod" }, "kind"],
    [{ ...document({}), status: {} }, "status"],
    [{ ...document({}), metadata: { name: "x", labels: {} } }, "metadata.labels"],
    [[], "the document"],
  ])("refuses the document %j", (wrong, named) => {
    expect(() => loadSpec({ source: sourceOf(wrong), flags: {}, defaults })).toThrow(
      expect.objectContaining({ message: expect.stringContaining(named) as string }) as Error,
    );
  });
});
