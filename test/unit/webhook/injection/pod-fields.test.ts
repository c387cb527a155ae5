import { describe, expect, it } from "vitest";
import type { WishPart } from "#webhook/injection/wish";
import { checked, injected } from "./law.ts";
import { env, podWith, wish } from "./wishing.ts";

const seccomp: WishPart = { kind: "seccomp", profile: { type: "RuntimeDefault" } };
const account: WishPart = { kind: "serviceAccount", name: "runtime" };
const unconfined = { seccompProfile: { type: "Unconfined" } };

describe("the ServiceAccount", () => {
  it.each([
    [{}],
    [{ serviceAccountName: "default", serviceAccount: "default" }],
    [{ serviceAccountName: "" }],
  ])("of %j counts as none", (spec) => {
    const { after } = checked(podWith(spec), [wish(account)]);
    expect(after.spec.serviceAccountName).toBe("runtime");
    expect(after.spec["serviceAccount"]).toBe((spec as { serviceAccount?: string }).serviceAccount);
  });

  it("of the pod's own choice stays, also in its old spelling", () => {
    expect(checked(podWith({ serviceAccountName: "own" }), [wish(account)]).operations).toEqual([]);
    expect(checked(podWith({ serviceAccount: "own" }), [wish(account)]).operations).toEqual([]);
  });

  it("changes alone: the token's volume stays mounted", () => {
    const volumes = [{ name: "kube-api-access-1", projected: { sources: [] } }];
    const { operations } = checked(podWith({ volumes }), [wish(account)]);
    expect(operations.map(({ path }) => path)).toEqual(["/spec/serviceAccountName"]);
  });
});

describe("the seccomp profile", () => {
  const container = (name: string, rest: object = {}) => ({ name, image: "i", ...rest });

  it("goes to the pod; containers keep their own", () => {
    const containers = [container("a", { securityContext: unconfined }), container("b")];
    const { after } = checked(podWith({ containers }), [wish(seccomp)]);
    expect(after.spec["securityContext"]).toEqual({ seccompProfile: { type: "RuntimeDefault" } });
    expect(after.spec.containers[0]).toEqual(containers[0]);
  });

  it("stays away where the pod, or every container, has one", () => {
    const own = podWith({ securityContext: unconfined });
    expect(checked(own, [wish(seccomp)]).operations).toEqual([]);
    const all = podWith({ containers: [container("a", { securityContext: unconfined })] });
    expect(checked(all, [wish(seccomp)]).operations).toEqual([]);
  });

  it("F15: is not for Windows, nor is the runtime class", () => {
    const pod = podWith({ os: { name: "windows" } });
    const wishes = [wish(seccomp), wish({ kind: "runtimeClass", name: "clouder" })];
    expect(checked(pod, wishes).operations).toEqual([]);
  });
});

it("F8: keys with slash and tilde, and keys that objects inherit, are keys like others", () => {
  const keys = ["a/b", "c~d", "e~1f", "g~0/h", "constructor", "toString"];
  const wishes = keys.flatMap((key) => [
    wish({ kind: "annotation", key, value: "x" }),
    wish({ kind: "label", key, value: "x" }),
  ]);
  const wanted = Object.fromEntries(keys.map((key) => [key, "x"]));
  for (const metadata of [{}, { annotations: { own: "1" }, labels: { own: "1" } }]) {
    const { after } = checked(podWith({}, metadata), wishes);
    expect(after.metadata.annotations).toMatchObject(wanted);
    expect(after.metadata.labels).toMatchObject(wanted);
  }
});

it("tolerations add up; only other seconds are a conflict", () => {
  const own = {
    key: "k",
    operator: "Exists" as const,
    effect: "NoExecute",
    tolerationSeconds: 300,
  };
  const pod = podWith({ tolerations: [own] });
  const wanted = (rest: object): WishPart => ({
    kind: "toleration",
    toleration: { ...own, ...rest },
  });
  expect(checked(pod, [wish(wanted({ effect: "NoSchedule" }))]).operations).toHaveLength(1);
  expect(checked(pod, [wish(wanted({ tolerationSeconds: 60 }))]).operations).toEqual([]);
  const kubeflow = wish(wanted({ effect: "NoSchedule" }), { mergeMode: "PodDefault" });
  expect(checked(pod, [kubeflow]).operations).toEqual([]);
});

describe("containers", () => {
  const sidecar = { name: "side", image: "s", restartPolicy: "Always" };
  const add = wish({ kind: "container", init: true, container: sidecar });

  it("go in front of the init containers, and nothing is injected into them, now or later", () => {
    const pod = podWith({ initContainers: [{ name: "own", image: "i" }] });
    const { after } = checked(pod, [wish(env("A", "1")), add]);
    expect(after.spec.initContainers?.map(({ name }) => name)).toEqual(["side", "own"]);
    expect(after.spec.initContainers?.[0]).toEqual(sidecar);
    expect(after.spec.initContainers?.[1]?.env).toHaveLength(1);
  });

  it("another one of the name stays, and is injected into like any other", () => {
    const pod = podWith({ containers: [{ name: "side", image: "own" }] });
    const { after, outcomes } = checked(pod, [add, wish(env("A", "1"))]);
    expect(outcomes[0]?.result).toBe("kept");
    expect(after.spec.containers[0]?.env).toHaveLength(1);
  });

  it("F15: are chosen by kind, pattern and annotation", () => {
    const pod = podWith(
      {
        containers: ["main", "metrics", "skipped"].map((name) => ({ name, image: "i" })),
        initContainers: [
          { name: "init", image: "i" },
          { name: "proxy", image: "i", restartPolicy: "Always" },
        ],
      },
      { annotations: { "clouder.datalayer.io/skip-containers": "skipped, other" } },
    );
    const reached = (containers: object) => {
      const { spec } = injected(pod, wish(env("A", "1"), { containers }));
      return [...(spec.initContainers ?? []), ...spec.containers]
        .filter((container) => container.env !== undefined)
        .map(({ name }) => name);
    };
    expect(reached({})).toEqual(["init", "proxy", "main", "metrics"]);
    expect(reached({ kinds: ["Init"] })).toEqual(["init"]);
    expect(reached({ kinds: ["Main", "Sidecar"] })).toEqual(["proxy", "main", "metrics"]);
    expect(reached({ include: ["m*s", "in*t"] })).toEqual(["init", "metrics"]);
    expect(reached({ exclude: ["*"] })).toEqual([]);
  });

  it("get command and arguments only where they have none", () => {
    const containers = [
      { name: "a", image: "i", command: ["own"] },
      { name: "b", image: "i" },
    ];
    const command = wish(
      { kind: "command", field: "command", value: ["x"] },
      { conflict: "Refuse" },
    );
    const { after } = checked(podWith({ containers }), [command]);
    expect(after.spec.containers.map((one) => one["command"])).toEqual([["own"], ["x"]]);
  });
});
