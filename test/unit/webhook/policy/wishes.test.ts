import { describe, expect, it } from "vitest";
import type { InjectionItem, InjectionPolicy } from "#webhook/api/types";
import {
  alice,
  byLabel,
  cluster,
  decide,
  env,
  labelled,
  mine,
  namespaced,
  parts,
  pod,
  podOf,
  request,
  secret,
  secretsOf,
} from "#test/unit/webhook/policy/scene";
import type { Scene } from "#test/unit/webhook/policy/scene";

describe("matching", () => {
  it.each<[string, InjectionPolicy, Partial<Parameters<typeof pod>[0]>, string]>([
    ["everything", namespaced({ inject: [env("A", "1")] }), {}, "matches"],
    [
      "another namespace's",
      namespaced({ inject: [env("A", "1")] }, "p", "other"),
      {},
      "not in namespace other",
    ],
    [
      "other labels",
      namespaced({ match: { podSelector: { matchLabels: { a: "1" } } }, inject: [env("A", "1")] }),
      { labels: { a: "2" } },
      "podSelector",
    ],
    [
      "its labels",
      namespaced({ match: { podSelector: { matchLabels: { a: "1" } } }, inject: [env("A", "1")] }),
      { labels: { a: "1" } },
      "matches",
    ],
    [
      "its namespaces",
      cluster({
        match: { namespaceSelector: { matchLabels: { env: "dev" } } },
        inject: [env("A", "1")],
      }),
      {},
      "matches",
    ],
    [
      "other namespaces",
      cluster({
        match: { namespaceSelector: { matchLabels: { env: "prod" } } },
        inject: [env("A", "1")],
      }),
      {},
      "namespaceSelector",
    ],
    [
      "its runtime types",
      cluster({ match: { runtimeTypes: ["notebook", "cell"] }, inject: [env("A", "1")] }),
      { labels: { "runtime-pools.datalayer.io/runtime-type": "cell" } },
      "matches",
    ],
    [
      "other runtime types",
      cluster({ match: { runtimeTypes: ["notebook"] }, inject: [env("A", "1")] }),
      {},
      "none of notebook",
    ],
  ])("M3: a policy for %s says so", async (_what, policy, metadata, reason) => {
    const scene = { policies: [policy], namespaceLabels: { env: "dev" } };
    const wishes = await decide(scene, request(pod(metadata)));
    expect(wishes.considered).toHaveLength(1);
    expect(wishes.considered[0]?.reason).toContain(reason);
    expect(wishes.considered[0]?.matched).toBe(reason === "matches");
    expect(wishes.wishes).toHaveLength(reason === "matches" ? 1 : 0);
  });

  it.each<[string, Parameters<typeof pod>[0], Scene["namespaceLabels"], string]>([
    ["kube-system", {}, {}, "kube-system"],
    ["clouder-system", {}, {}, "clouder-system"],
    ["a namespace that is switched off", {}, { "clouder.datalayer.io/inject": "disabled" }, "work"],
    [
      "a pod that is switched off",
      { labels: { "clouder.datalayer.io/inject": "disabled" } },
      {},
      "work",
    ],
    ["mirror pods", { annotations: { "kubernetes.io/config.mirror": "x" } }, {}, "work"],
  ])("F1, F2: never %s", async (_what, metadata, namespaceLabels, namespace) => {
    const scene = {
      policies: [cluster({ inject: [env("A", "1")] })],
      namespaceLabels: namespaceLabels ?? {},
    };
    const wishes = await decide(scene, request(pod(metadata), alice, namespace));
    expect([wishes.wishes, wishes.considered[0]?.matched]).toEqual([[], false]);
  });

  it("F1: never restored pods, and a mere annotation makes none", async () => {
    const scene = { policies: [cluster({ inject: [env("A", "1")] })], namespaceLabels: {} };
    const marked = { annotations: { "clouder.datalayer.io/restore": "uid" } };
    const of = (spec: object) => decide(scene, request(pod(marked, spec), alice, "work"));
    expect((await of({ runtimeClassName: "clouder" })).wishes).toEqual([]);
    expect((await of({})).wishes).toHaveLength(1);
  });

  it("F6: a pod of generateName, without name and namespace, gets the same", async () => {
    const scene = {
      policies: [namespaced({ user: byLabel, inject: [labelled(), env("A", "{namespace}")] })],
      ...mine,
      secrets: [secret("s", ["K"], secretsOf("alice"))],
    };
    const named = podOf("alice");
    const generated = {
      ...named,
      metadata: { labels: named.metadata.labels ?? {}, generateName: "a-" } as never,
    };
    expect(await decide(scene, request(generated))).toEqual(await decide(scene, request(named)));
  });
});

describe("M2, F11: what the wishes say", () => {
  it("come by precedence, each with its source and rules", async () => {
    const low = cluster({ inject: [env("A", "low")], conflict: "Override" }, "low");
    const high = namespaced(
      {
        priority: 3,
        inject: [{ ...env("A", "high"), conflict: "Refuse" }],
        mergeMode: "PodPreset",
        allowReserved: ["PATH"],
        containers: { kinds: ["Main"] },
      },
      "high",
    );
    const { wishes } = await decide({ policies: [low, high] });
    expect(wishes).toEqual([
      {
        source: { policy: "InjectionPolicy/work/high", item: "a" },
        conflict: "Refuse",
        mergeMode: "Priority",
        containers: { kinds: ["Main"] },
        allowReserved: ["PATH"],
        part: { kind: "env", env: { name: "A", value: "high" } },
      },
      {
        source: { policy: "ClusterInjectionPolicy/low", item: "a" },
        conflict: "Override",
        mergeMode: "Priority",
        containers: {},
        allowReserved: [],
        part: { kind: "env", env: { name: "A", value: "low" } },
      },
    ]);
  });

  it("M2: an env item never overwrites unless it says so", async () => {
    const { wishes } = await decide({ policies: [namespaced({ inject: [env("A", "1")] })] });
    expect(wishes[0]?.conflict).toBe("Keep");
  });

  it("every part of a pod item becomes a wish of its own", async () => {
    const item: InjectionItem = {
      name: "pod",
      pod: {
        serviceAccountName: "sa",
        automountServiceAccountToken: false,
        runtimeClassName: "clouder",
        seccompProfile: { type: "RuntimeDefault" },
        nodeSelector: { n: "1" },
        tolerations: [{ key: "t", operator: "Exists" }],
        labels: { l: "1" },
        annotations: { a: "1" },
        imagePullSecrets: [{ name: "pull" }],
        initContainers: [{ name: "i", image: "x" }],
        containers: [{ name: "c", image: "x" }],
        command: ["run"],
        args: ["fast"],
      },
    };
    expect(parts(await decide({ policies: [namespaced({ inject: [item] })] }))).toEqual([
      { kind: "serviceAccount", name: "sa" },
      { kind: "automountToken", value: false },
      { kind: "runtimeClass", name: "clouder" },
      { kind: "seccomp", profile: { type: "RuntimeDefault" } },
      { kind: "nodeSelector", key: "n", value: "1" },
      { kind: "label", key: "l", value: "1" },
      { kind: "annotation", key: "a", value: "1" },
      { kind: "toleration", toleration: { key: "t", operator: "Exists" } },
      { kind: "imagePullSecret", name: "pull" },
      { kind: "container", init: true, container: { name: "i", image: "x" } },
      { kind: "container", init: false, container: { name: "c", image: "x" } },
      { kind: "command", field: "command", value: ["run"] },
      { kind: "command", field: "args", value: ["fast"] },
    ]);
  });

  it("N3: one volume with several folders, read-only where it says so", async () => {
    const volume = { name: "data", persistentVolumeClaim: { claimName: "d" } };
    const mounts = [
      { mountPath: "/a", subPath: "a", readOnly: true },
      { mountPath: "/b", subPath: "b" },
    ];
    const items: InjectionItem[] = [
      { name: "data", volume: { volume, mounts } },
      { name: "own", mounts: [{ name: "cache", mountPath: "/c" }] },
    ];
    expect(parts(await decide({ policies: [namespaced({ inject: items })] }))).toEqual([
      { kind: "volume", volume, mounts: mounts.map((mount) => ({ ...mount, name: "data" })) },
      { kind: "mounts", mounts: [{ name: "cache", mountPath: "/c" }] },
    ]);
  });
});
