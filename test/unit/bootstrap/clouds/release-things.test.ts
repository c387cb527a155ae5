import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { persistentVolumes } from "#bootstrap/clouds/cloud-things";
import type { Provider } from "#bootstrap/providers/provider";
import { deleteOwnMachinesPlan } from "#bootstrap/plans/delete-cluster";
import { runPlan } from "#bootstrap/plans/runner";
import { ClouderError } from "#core/error";
import type { ReportEvent } from "#core/report";
import type { KubeObject } from "#kube/kube";
import {
  persistentVolumeClaims,
  pods,
  services,
  validatingAdmissionPolicies as policies,
} from "#kube/resources";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";
import { contextFor } from "../plans/plan.ts";

let folder: string;
let kube: FakeKube;
let removed: number;
let events: ReportEvent[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clouder-release-"));
  await writeFile(join(folder, "kubeconfig"), "apiVersion: v1\n");
  kube = createFakeKube();
  kube.answerRaw = () => ({ status: 200, body: "ok" });
  removed = 0;
  events = [];
});
afterEach(() => rm(folder, { recursive: true }));

const object = (kind: string, name: string, spec: object, meta: object = {}): KubeObject => ({
  apiVersion: kind === "Ingress" ? "networking.k8s.io/v1" : "v1",
  ...{ kind, metadata: { name, ...meta }, spec },
});
const inDefault = { namespace: "default" };
const held = { finalizers: ["service.kubernetes.io/load-balancer-cleanup"] };
const volume = (name: string, policy: string, claim: string) =>
  object("PersistentVolume", name, {
    csi: { driver: "ebs.csi.aws.com" },
    ...{ persistentVolumeReclaimPolicy: policy, claimRef: { ...inDefault, name: claim } },
  });
const claim = (name: string, volumeName: string) =>
  object("PersistentVolumeClaim", name, { volumeName }, inDefault);

/** Each sleep is a turn of the cloud's controllers. */
function run(turn: () => void | Promise<void>, force = false) {
  let now = 0;
  const provider = {
    cloudFacts: () => Promise.reject(new Error("nobody asks")),
    remove: () => {
      removed += 1;
      return Promise.resolve({ left: [] });
    },
  } as unknown as Provider;
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number) => {
      now += milliseconds;
      await turn();
    },
  };
  const plan = deleteOwnMachinesPlan({ connect: () => Promise.resolve(kube), force });
  return runPlan(plan, {
    ...contextFor((event) => events.push(event)),
    ...{ folder, provider, clock },
  });
}
const kubeconfigThere = () =>
  stat(join(folder, "kubeconfig")).then(
    () => true,
    () => false,
  );

describe("H6 delete of a cluster in a cloud", () => {
  test("H6 gives load balancers and volumes back before machines go, and names what is kept", async () => {
    kube.seed(
      object("Service", "web", { type: "LoadBalancer", ports: [] }, { ...inDefault, ...held }),
      object("Service", "inner", { type: "ClusterIP", ports: [] }, inDefault),
      object("Ingress", "site", {}, { ...inDefault, finalizers: ["ingress.k8s.aws/resources"] }),
      ...[volume("pv-data", "Delete", "data"), claim("data", "pv-data")],
      ...[volume("pv-kept", "Retain", "kept"), claim("kept", "pv-kept")],
      object(
        "Pod",
        "db-0",
        {
          ...{ nodeName: "dev-node-1", containers: [] },
          volumes: [{ persistentVolumeClaim: { claimName: "data" } }],
        },
        inDefault,
      ),
    );
    let turns = 0;
    await run(async () => {
      turns += 1;
      expect(removed).toBe(0);
      expect(kube.peek(policies, { name: "clouder-cluster-goes" })).toBeDefined();
      if (turns === 1) {
        expect(kube.peek(pods, { ...inDefault, name: "db-0" })).toBeUndefined();
        await kube.remove(persistentVolumes, { name: "pv-data" });
        return;
      }
      for (const [resource, name] of [
        [services, "web"],
        [
          { ...services, apiVersion: "networking.k8s.io/v1", kind: "Ingress", plural: "ingresses" },
          "site",
        ],
      ] as const) {
        await kube.patch(resource, { ...inDefault, name }, { metadata: { finalizers: [] } });
      }
    });
    expect(turns).toBe(2);
    expect(removed).toBe(1);
    expect(kube.peek(services, { ...inDefault, name: "inner" })).toBeDefined();
    expect(kube.peek(persistentVolumeClaims, { ...inDefault, name: "kept" })).toBeDefined();
    const notes = events.flatMap((event) => (event.type === "note" ? [event.message] : []));
    expect(notes).toContain("volumes that are to be kept stay in the cloud: pv-kept");
    expect(await kubeconfigThere()).toBe(false);
  });

  test("H6 ends before the machines when controllers do not come to an end, and lets new ones in again", async () => {
    kube.seed(
      object("Service", "web", { type: "LoadBalancer", ports: [] }, { ...inDefault, ...held }),
    );
    await expect(run(() => undefined)).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining("service default/web") as string,
      hint: expect.stringContaining("--force") as string,
    });
    expect(removed).toBe(0);
    expect(await kubeconfigThere()).toBe(true);
    expect(kube.peek(policies, { name: "clouder-cluster-goes" })).toBeUndefined();
  });

  test("H6 names the way out when the API server is gone; --force takes it and says what may stay", async () => {
    kube.answerRaw = () => {
      throw new ClouderError("unreachable", "connection refused", { retryable: true });
    };
    await expect(run(() => undefined)).rejects.toMatchObject({
      code: "unreachable",
      hint: expect.stringContaining("cluster delete lab --force") as string,
    });
    expect(removed).toBe(0);
    await run(() => undefined, true);
    expect(removed).toBe(1);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "note",
        message: expect.stringContaining("may stay in the cloud") as string,
      }),
    );
  });

  test("H6 looks for nothing where no API server ever was, and again after a delete that was broken off", async () => {
    await rm(join(folder, "kubeconfig"));
    await run(() => undefined);
    expect(removed).toBe(1);
    expect(kube.calls).toEqual([]);
  });
});
