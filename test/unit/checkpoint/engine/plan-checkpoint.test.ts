import { describe, expect, it } from "vitest";
import type { Pod } from "#kube/objects";
import type { Checkpoint } from "#checkpoint/api/types";
import {
  checkpointHints,
  planCheckpoint,
  requireSamePod,
} from "#checkpoint/engine/plan-checkpoint";

const context = {
  nodeName: "node1",
  clusterUID: "cluster",
  storeName: "main",
  now: "2026-11-21T04:00:00.000Z",
};

const checkpoint = (spec: Partial<Checkpoint["spec"]> = {}): Checkpoint => ({
  apiVersion: "clouder.datalayer.io/v1alpha1",
  kind: "Checkpoint",
  metadata: { name: "20261121t040000z-abcde", namespace: "default", uid: "uid-c" },
  spec: { podName: "web", podUID: "uid-p", ...spec },
});

const running = (name: string) => ({
  name,
  containerID: `containerd://${name}-id`,
  imageID: "sha256:1",
  state: { running: {} },
});

const web: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", namespace: "default", uid: "uid-p" },
  spec: {
    nodeName: "node1",
    containers: [
      { name: "main", image: "a:1" },
      { name: "side", image: "b:1" },
    ],
    initContainers: [
      { name: "setup", image: "c:1" },
      { name: "proxy", image: "d:1", restartPolicy: "Always" },
    ],
  },
  status: {
    phase: "Running",
    podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }],
    containerStatuses: [running("main"), running("side")],
    initContainerStatuses: [running("proxy")],
  },
};

describe("the plan of a checkpoint", () => {
  it("takes all containers that run for the pod's life, sidecars included, init containers not", () => {
    const job = planCheckpoint(checkpoint(), web, context);
    expect(job.containers.map(({ name, containerID }) => [name, containerID])).toEqual([
      ["proxy", "proxy-id"],
      ["main", "main-id"],
      ["side", "side-id"],
    ]);
    expect(job.source.podIPs).toEqual(["10.0.0.1", "fd00::1"]);
  });

  it("takes the named containers only and says which start afresh", () => {
    const job = planCheckpoint(checkpoint({ containers: ["side"] }), web, context);
    expect(job.containers.map(({ name }) => name)).toEqual(["side"]);
    expect(checkpointHints(job, web).join()).toContain("will start afresh: proxy, main");
  });

  it("goes the handler's way only for pods of the runtime class", () => {
    const spec = { ...web.spec, runtimeClassName: "clouder" };
    const ways = planCheckpoint(checkpoint(), { ...web, spec }, context).containers;
    expect(new Set(ways.map(({ way }) => way))).toEqual(new Set(["handler"]));
    const plain = planCheckpoint(checkpoint(), web, context);
    expect(plain.containers[0]?.way).toBe("plain");
    expect(checkpointHints(plain, web).join()).toContain("runtimeClassName clouder");
  });

  const status = (phase: string): Pod => ({ ...web, status: { ...web.status, phase } as never });
  it.each<[string, Checkpoint, Pod, string, RegExp]>([
    ["a namesake", checkpoint({ podUID: "other" }), web, "conflict", /namesake/],
    [
      "another node",
      checkpoint(),
      { ...web, spec: { ...web.spec, nodeName: "n2" } },
      "conflict",
      /n2/,
    ],
    ["a pending pod", checkpoint(), status("Pending"), "refused", /Pending/],
    ["a pod that has ended", checkpoint(), status("Succeeded"), "refused", /Succeeded/],
    [
      "a pod under deletion",
      checkpoint(),
      { ...web, metadata: { ...web.metadata, deletionTimestamp: "x" } },
      "refused",
      /Terminating/,
    ],
    ["an unknown container", checkpoint({ containers: ["nope"] }), web, "not-found", /nope/],
    [
      "a waiting container",
      checkpoint(),
      {
        ...web,
        status: {
          ...web.status,
          containerStatuses: [
            running("main"),
            { name: "side", state: { waiting: { reason: "CrashLoopBackOff" } } },
          ],
        },
      },
      "refused",
      /side is waiting \(CrashLoopBackOff\)/,
    ],
  ])("refuses %s", (_what, wanted, pod, code, text) => {
    let error: unknown;
    try {
      planCheckpoint(wanted, pod, context);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toMatch(text);
  });

  it("goes on with a journalled job only while its containers are the same", () => {
    const job = planCheckpoint(checkpoint(), web, context);
    requireSamePod(job, web);
    const restarted = running("main");
    const changed = {
      ...web.status,
      containerStatuses: [{ ...restarted, containerID: "containerd://new" }, running("side")],
    };
    expect(() => {
      requireSamePod(job, { ...web, status: changed });
    }).toThrow(/main .*has been replaced/);
    const dumped = job.containers.map((one) => ({ ...one, archive: "/x.tar" }));
    requireSamePod({ ...job, containers: dumped }, { ...web, status: changed });
  });
});
