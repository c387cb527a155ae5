import { expect, it } from "vitest";
import { addons } from "#bootstrap/addons/table";
import { addonValues } from "#bootstrap/addons/values";
import { metricsServerValues } from "#bootstrap/addons/values/metrics-server";
import { traefikValues } from "#bootstrap/addons/values/traefik";
import type { ClusterSpec } from "#bootstrap/spec/cluster-spec";
import { loadSpec } from "#bootstrap/spec/load";

function specOf(change: Partial<ClusterSpec> = {}): ClusterSpec {
  const spec = loadSpec({ flags: { name: "lab" }, defaults: { kubernetesVersion: "v1.36.3" } });
  return { ...spec, ...change };
}
const pool = (count: number) => ({
  ...{ name: "workers", count, labels: {}, taints: [], checkpoint: true },
});

it("every add-on is pinned: a version to the digit, the digest of its archive, a place of its own", () => {
  const places = addons.map(({ namespace, release }) => `${namespace}/${release}`);
  expect(new Set(places).size).toBe(addons.length);
  for (const { name, chart, title } of addons) {
    expect(chart.version, name).toMatch(/^v?\d+\.\d+\.\d+$/);
    expect(chart.sha256, name).toMatch(/^[0-9a-f]{64}$/);
    expect(chart.repository, name).toMatch(/^(https|oci):\/\//);
    expect(title, name).not.toBe("");
  }
});

it("row F10 of the contract: metrics-server verifies kubelets, and is verified by the API server", () => {
  const spec = specOf({ network: { ...specOf().network, dnsDomain: "own.example" } });
  const values = metricsServerValues({ spec });
  expect(values).toMatchObject({
    replicas: 1,
    apiService: { insecureSkipTLSVerify: false },
    tls: { type: "helm", clusterDomain: "own.example" },
  });
  expect(JSON.stringify(values)).not.toContain("insecure-tls");
});

it("several control planes get two metrics servers, of which one stays during a drain", () => {
  const planes = { count: 3, schedulable: false };
  expect(metricsServerValues({ spec: specOf({ controlPlane: planes }) })).toMatchObject({
    replicas: 2,
    podDisruptionBudget: { enabled: true, minAvailable: 1 },
  });
});

it("row F5 of the contract: Traefik listens at 30080 and 30443 of every node", () => {
  const own = traefikValues({ spec: specOf({ pools: [pool(1)] }) });
  expect(own).toMatchObject({
    deployment: { replicas: 1 },
    service: { spec: { type: "NodePort" } },
    ports: { web: { nodePort: 30080 }, websecure: { nodePort: 30443 } },
  });
  const traefik = addons.find(({ name }) => name === "traefik");
  expect(traefik).toMatchObject({ namespace: "datalayer-traefik", release: "traefik" });
});

it("row F5 of the contract: in a cloud a load balancer leads to the same ports", () => {
  const spec = specOf({ provider: { name: "azure", settings: {} }, pools: [pool(3)] });
  expect(traefikValues({ spec })).toMatchObject({
    deployment: { replicas: 2 },
    service: { spec: { type: "LoadBalancer" } },
    ports: { web: { nodePort: 30080 }, websecure: { nodePort: 30443 } },
  });
});

it("values are found by the add-on's name", () => {
  expect(addonValues("traefik", { spec: specOf() })).toEqual(traefikValues({ spec: specOf() }));
});
