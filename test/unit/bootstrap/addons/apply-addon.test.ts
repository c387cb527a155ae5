import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { applyAddon, type AddonPlace } from "#bootstrap/addons/apply-addon";
import { removeAddon } from "#bootstrap/addons/remove-addon";
import { addonCalled } from "#bootstrap/addons/wanted";
import { readRelease } from "#bootstrap/addons/helm/release";
import { loadSpec } from "#bootstrap/spec/load";
import { systemClock } from "#core/clock";
import { ClouderError } from "#core/error";
import type { ReportEvent } from "#core/report";
import type { KubeObject } from "#kube/kube";
import { deployments, namespaces } from "#kube/resources";
import { createFakeHelm, releaseSecret } from "#test/fakes/helm";
import { createFakeKube } from "#test/fakes/kube";

const addon = addonCalled("traefik");
const spec = loadSpec({ flags: { name: "lab" }, defaults: { kubernetesVersion: "v1.36.3" } });
const at = { name: "traefik", namespace: addon.namespace };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "addons-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function world({ ready = true } = {}) {
  const kube = createFakeKube();
  const helm = createFakeHelm(kube, addon.chart, { name: "traefik", ready });
  const said: ReportEvent[] = [];
  let time = Date.parse("2026-11-21T12:00:00Z");
  const later: { do?: () => void } = {};
  const place: AddonPlace = {
    ...{ kube, folder, report: (event) => said.push(event) },
    clock: {
      now: () => time,
      sleep: (milliseconds) => {
        time += milliseconds;
        later.do?.();
        return Promise.resolve();
      },
    },
    helm: () => Promise.resolve(helm),
    packages: () =>
      Promise.resolve({ chart: () => Promise.resolve({ kind: "file", file: "/b/traefik.tgz" }) }),
  };
  return {
    kube,
    helm,
    place,
    said,
    later,
    seconds: () => (time - Date.parse("2026-11-21T12:00:00Z")) / 1000,
  };
}
const apply = (place: AddonPlace) => applyAddon(addon, { spec }, place, 300_000);
const commands = (helm: ReturnType<typeof createFakeHelm>) => helm.calls.map(({ args }) => args[0]);

it("values travel through standard input, and the second time helm is not even started", async () => {
  const { helm, place, kube } = world();
  expect(await apply(place)).toBe(true);
  const [call] = helm.calls;
  expect(call?.args).toEqual([
    ...["upgrade", "--install", "traefik", "/b/traefik.tgz", "--namespace", "datalayer-traefik"],
    ...["--kubeconfig", join(folder, "kubeconfig"), "--create-namespace", "--reset-values"],
    ...["--history-max", "3", "--values", "-"],
  ]);
  expect(JSON.parse(call?.input ?? "")).toMatchObject({ ports: { web: { nodePort: 30080 } } });
  expect((await readRelease(kube, addon))?.chart).toEqual({ name: "traefik", version: "41.6.0" });
  expect(await apply(place)).toBe(false);
  expect(helm.calls).toHaveLength(1);
});

it("another version or other values are upgraded", async () => {
  const { kube, helm, place } = world();
  const chart = { name: "traefik", version: "40.0.0" };
  const release = { name: "traefik", namespace: addon.namespace, chart, values: {} };
  kube.seed(releaseSecret(release));
  expect(await apply(place)).toBe(true);
  expect(commands(helm)).toEqual(["upgrade"]);
});

it("an image that cannot be pulled is told with pod and cause soon, and nothing is left", async () => {
  const { kube, helm, place, seconds } = world({ ready: false });
  const metadata = { name: "traefik-1", namespace: addon.namespace };
  const image = "docker.io/traefik:v3.7.13";
  const waiting = { reason: "ImagePullBackOff", message: "Back-off pulling image" };
  kube.seed(
    {
      ...{ apiVersion: "v1", kind: "Pod" },
      metadata: { ...metadata, labels: { app: "traefik" } },
      spec: { nodeName: "lab-node-1", containers: [] },
      status: { containerStatuses: [{ name: "traefik", image, ready: false, state: { waiting } }] },
    } as KubeObject,
    {
      ...{ apiVersion: "v1", kind: "Event", metadata: { ...metadata, name: "traefik-1.1" } },
      ...{ involvedObject: { kind: "Pod", name: "traefik-1" }, type: "Warning", reason: "Failed" },
      message: "Failed to pull image: no such host",
    } as unknown as KubeObject,
  );
  await expect(apply(place)).rejects.toMatchObject({
    code: "unreachable",
    message:
      "traefik did not become ready: pod traefik-1 on lab-node-1: cannot pull docker.io/traefik:v3.7.13: Failed to pull image: no such host",
    hint: expect.stringMatching(/cluster load-image/) as string,
  });
  expect(seconds()).toBeLessThan(60);
  expect(commands(helm)).toEqual(["upgrade", "uninstall"]);
  expect(await readRelease(kube, addon)).toBeUndefined();
});

it("an upgrade that fails goes back to the revision that was good", async () => {
  const { kube, helm, place } = world();
  const chart = { name: "traefik", version: "40.0.0" };
  const release = { name: "traefik", namespace: addon.namespace, chart, values: {} };
  kube.seed(releaseSecret({ ...release, revision: 7 }));
  helm.fails = ([verb]) =>
    verb === "upgrade" ? "WARNING: x\nError: UPGRADE FAILED: port is taken" : undefined;
  await expect(apply(place)).rejects.toThrow(
    "traefik was not applied: UPGRADE FAILED: port is taken",
  );
  expect(helm.calls.at(-1)?.args.slice(0, 3)).toEqual(["rollback", "traefik", "7"]);
});

it("what a helm that died left half installed is cleared away first", async () => {
  const { kube, helm, place } = world();
  const release = { name: "traefik", namespace: addon.namespace, chart: addon.chart, values: {} };
  const since = "2026-11-21T11:59:40Z";
  kube.seed(releaseSecret({ ...release, status: "pending-install", since }));
  expect(await apply(place)).toBe(true);
  // It might have been at work still.
  expect(commands(helm)).toEqual(["uninstall", "upgrade"]);
});

it("an add-on that is as wanted but not ready is told of, and not taken back", async () => {
  const { kube, helm, place } = world();
  await apply(place);
  await kube.patch(deployments, at, { status: { readyReplicas: 0 } }, "status");
  await expect(apply(place)).rejects.toThrow(/Deployment traefik: not all pods are ready/);
  expect(commands(helm)).toEqual(["upgrade"]);
});

it("a workload that somebody deleted is made again", async () => {
  const { kube, helm, place } = world();
  await apply(place);
  await kube.remove(deployments, at);
  expect(await apply(place)).toBe(true);
  expect(commands(helm)).toEqual(["upgrade", "upgrade"]);
});

it("an add-on whose class an ingress uses is not removed", async () => {
  const { kube, helm, place } = world();
  const networking = { apiVersion: "networking.k8s.io/v1" };
  const objects = [{ ...networking, kind: "IngressClass", metadata: { name: "traefik" } }];
  const release = { name: "traefik", namespace: addon.namespace, chart: addon.chart, values: {} };
  kube.seed(releaseSecret({ ...release, objects }), {
    ...{ ...networking, kind: "Ingress", metadata: { name: "shop", namespace: "web" } },
    spec: { ingressClassName: "traefik" },
  } as KubeObject);
  await expect(removeAddon(addon, { spec }, place)).rejects.toMatchObject({
    code: "refused",
    message: "traefik is in use: ingress web/shop",
  });
  expect(helm.calls).toEqual([]);
});

function goingNamespace(): KubeObject {
  const deletionTimestamp = "2026-11-21T11:59:55Z";
  const metadata = { name: addon.namespace, deletionTimestamp, finalizers: ["kubernetes"] };
  return { ...{ apiVersion: "v1", kind: "Namespace" }, metadata };
}

it("a namespace that a failed enable left going is waited for, and the wait is told", async () => {
  const { kube, helm, place, said, later, seconds } = world();
  kube.seed(goingNamespace());
  later.do = () => {
    expect(helm.calls).toEqual([]);
    const gone = { metadata: { finalizers: [] } };
    if (seconds() === 7) void kube.patch(namespaces, { name: addon.namespace }, gone);
  };
  expect(await apply(place)).toBe(true);
  expect(seconds()).toBe(7);
  expect(said).toEqual([
    {
      ...{ type: "note", level: "info" },
      message:
        "traefik: waiting until the namespace datalayer-traefik, which is being removed, is gone",
    },
  ]);
  expect(commands(helm)).toEqual(["upgrade"]);
});

it("a namespace that does not go ends the wait with the way to its reason", async () => {
  const { kube, helm, place, seconds } = world();
  kube.seed(goingNamespace());
  await expect(apply(place)).rejects.toMatchObject({
    code: "timeout",
    message: "the end of the namespace datalayer-traefik did not happen within 120 s",
    hint: expect.stringContaining("kubectl get namespace datalayer-traefik") as string,
  });
  expect(seconds()).toBe(120);
  expect(helm.calls).toEqual([]);
});

it("the wait for a namespace ends when it is interrupted", async () => {
  const { kube, helm, place } = world();
  kube.seed(goingNamespace());
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort(new ClouderError("cancelled", "cancelled"));
  }, 20);
  const { signal } = controller;
  await expect(apply({ ...place, clock: systemClock, signal })).rejects.toMatchObject({
    code: "cancelled",
  });
  expect(helm.calls).toEqual([]);
});

it("a removal of what is not there changes nothing", async () => {
  const { helm, place } = world();
  expect(await removeAddon(addon, { spec }, place)).toBe(false);
  expect(helm.calls).toEqual([]);
});
