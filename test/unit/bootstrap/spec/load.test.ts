import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseLocalSettings } from "#bootstrap/providers/local/settings";
import { documentVersion } from "#bootstrap/spec/cluster-fields";
import type { ClusterFlags } from "#bootstrap/spec/flags";
import { loadSpec } from "#bootstrap/spec/load";
import { wantedMachines } from "#bootstrap/spec/machines";
import { sourceOf } from "#test/fixtures/cluster-source";

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

  test("is read from the document in docs/clusters.md", () => {
    const example = /```yaml\n(.*?)```/s.exec(readFileSync("docs/clusters.md", "utf8"))?.[1] ?? "";
    const spec = loadSpec({ source: sourceOf(parse(example)), flags: {}, defaults: {} });
    expect(spec).toMatchObject({
      name: "lab",
      controlPlane: { schedulable: true },
      pools: [{ count: 2, taints: [{ key: "dedicated", value: "jupyter", effect: "NoSchedule" }] }],
      packages: { folder: "./bundle" },
    });
    expect(parseLocalSettings(spec.provider.settings).binds).toHaveLength(1);
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

  test.each<[object, string]>([
    [{ colour: "red" }, "spec.colour"],
    [{ network: { podCidr: "10.0.0.0/8" } }, "spec.network.podCidr"],
    [{ provider: { name: "local", setting: {} } }, "spec.provider.setting"],
    [{ pools: [{ name: "a", size: 1 }] }, "spec.pools[0].size"],
    [{ pools: [{ name: "a", taints: [{ key: "k", effect: "Never" }] }] }, "taints[0].effect"],
    [{ pools: [{ name: "a", count: 1.5 }] }, "spec.pools[0].count"],
    [{ pools: [{ name: "a", labels: { x: 1 } }] }, "spec.pools[0].labels.x"],
    [{ pools: [{ count: 1 }] }, "spec.pools[0].name"],
    [{ pools: "three" }, "spec.pools"],
    [{ controlPlane: { count: 3 } }, "spec.controlPlane.count"],
    [{ controlPlane: { schedulable: "yes" } }, "spec.controlPlane.schedulable"],
    [{ controlPlane: { endpoint: "api.example.org" } }, "api.example.org"],
    [{ network: { cni: "cilium" } }, "cilium"],
    [{ kubernetesVersion: "1.36" }, "1.36"],
    [{ network: { podCIDR: "10.244.0.1/16" } }, "10.244.0.1/16"],
    [{ network: { podCIDR: "10.96.0.0/16" } }, "overlap"],
    [{ network: { podCIDR: "10.244.0.0/28" } }, "10.244.0.0/28"],
    [{ pools: [{ name: "a" }, { name: "a" }] }, "spec.pools[1].name"],
    [{ pools: [{ name: "Big" }] }, "Big"],
    [{ pools: [{ name: "a", labels: { "x y": "z" } }] }, "spec.pools[0].labels.x y"],
  ])("refuses %j and names the place", (spec, named) => {
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
