import { describe, expect, it } from "vitest";
import type { Pod } from "#kube/objects";
import { inject } from "#webhook/injection/inject";
import type { Wish } from "#webhook/injection/wish";
import { applied, expectNothingMore } from "./law.ts";
import { env, secretVolume, wish } from "./wishing.ts";

type Fields = Record<string, unknown>;

const parents = [
  "annotations",
  "labels",
  "volumes",
  "env",
  "envFrom",
  "volumeMounts",
  "initContainers",
  "securityContext",
  "nodeSelector",
  "tolerations",
  "imagePullSecrets",
] as const;
type Parent = (typeof parents)[number];

const own: Readonly<Record<Parent, unknown>> = {
  annotations: { "own/a": "1" },
  labels: { own: "1" },
  volumes: [{ name: "own", emptyDir: {} }],
  env: [{ name: "OWN", value: "1" }],
  envFrom: [{ configMapRef: { name: "own" } }],
  volumeMounts: [{ name: "own", mountPath: "/own" }],
  initContainers: [{ name: "own-init", image: "i" }],
  securityContext: { runAsUser: 1000 },
  nodeSelector: { own: "1" },
  tolerations: [{ key: "own", operator: "Exists" }],
  imagePullSecrets: [{ name: "own" }],
};

const sidecar = { name: "added", image: "s", restartPolicy: "Always" };
const source = { secretRef: { name: "s", optional: true } };
const toleration = { key: "t", operator: "Exists" as const };
const wishes: readonly Wish[] = [
  wish({ kind: "annotation", key: "a/b~c", value: "x" }),
  wish({ kind: "label", key: "l/m", value: "x" }),
  wish(secretVolume("v", "s", "/s")),
  wish(env("FIRST", "1")),
  wish(env("SECOND", "$(FIRST)")),
  wish({ kind: "envFrom", source }),
  wish({ kind: "container", init: true, container: sidecar }),
  wish({ kind: "seccomp", profile: { type: "RuntimeDefault" } }),
  wish({ kind: "nodeSelector", key: "n/o", value: "x" }),
  wish({ kind: "toleration", toleration }),
  wish({ kind: "imagePullSecret", name: "pull" }),
];

/** What must come out, put together by hand. */
function expected(has: Fields): Pod {
  const list = (name: Parent) => (Array.isArray(has[name]) ? (has[name] as unknown[]) : []);
  const map = (name: Parent) => (has[name] ?? {}) as Record<string, string>;
  const inContainer = {
    env: [{ name: "FIRST", value: "1" }, { name: "SECOND", value: "$(FIRST)" }, ...list("env")],
    envFrom: [source, ...list("envFrom")],
    volumeMounts: [...list("volumeMounts"), { name: "v", mountPath: "/s" }],
  };
  const inits = list("initContainers").map((container) => ({
    ...(container as object),
    env: inContainer.env.slice(0, 2),
    envFrom: [source],
    volumeMounts: [{ name: "v", mountPath: "/s" }],
  }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "p",
      annotations: { ...map("annotations"), "a/b~c": "x" },
      labels: { ...map("labels"), "l/m": "x" },
    },
    spec: {
      containers: [{ name: "main", image: "i", ...inContainer } as never],
      initContainers: [sidecar, ...inits] as never,
      volumes: [...list("volumes"), { name: "v", secret: { secretName: "s" } }] as never,
      securityContext: { ...map("securityContext"), seccompProfile: { type: "RuntimeDefault" } },
      nodeSelector: { ...map("nodeSelector"), "n/o": "x" },
      tolerations: [...list("tolerations"), toleration] as never,
      imagePullSecrets: [...list("imagePullSecrets"), { name: "pull" }],
    },
  };
}

function podFrom(has: Fields): Pod {
  const pick = (...names: Parent[]) =>
    Object.fromEntries(names.filter((name) => name in has).map((name) => [name, has[name]]));
  const spec = pick(
    "volumes",
    "initContainers",
    "securityContext",
    "nodeSelector",
    "tolerations",
    "imagePullSecrets",
  );
  const container = { name: "main", image: "i", ...pick("env", "envFrom", "volumeMounts") };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", ...pick("annotations", "labels") },
    spec: { containers: [container], ...spec },
  };
}

describe("F7: parents that are absent are made, in all 2^11 combinations:", () => {
  const absences: Record<string, (name: Parent) => Fields> = {
    "a field that is not there": () => ({}),
    "a field that is null": (name) => ({ [name]: null }),
    "a field that is empty": (name) => ({ [name]: Array.isArray(own[name]) ? [] : {} }),
  };

  it.each(Object.entries(absences))("%s", { timeout: 60_000 }, (_, absence) => {
    for (let bits = 0; bits < 2 ** parents.length; bits++) {
      const has: Fields = {};
      parents.forEach((name, index) => {
        Object.assign(has, (bits >> index) & 1 ? { [name]: own[name] } : absence(name));
      });
      const pod = podFrom(has);
      const { operations } = inject(pod, wishes);
      const after = applied(pod, operations);
      expect(after).toEqual(expected(has));
      expectNothingMore(after, wishes);
    }
  });
});

it("F7: each parent is made exactly once, with all that goes into it", () => {
  const { operations } = inject(podFrom({}), wishes);
  expect(operations.map(({ op, path }) => `${op} ${path}`)).toEqual([
    "add /metadata/labels",
    "add /metadata/annotations",
    "add /spec/nodeSelector",
    "add /spec/securityContext",
    "add /spec/tolerations",
    "add /spec/imagePullSecrets",
    "add /spec/volumes",
    "add /spec/containers/0/env",
    "add /spec/containers/0/envFrom",
    "add /spec/containers/0/volumeMounts",
    "add /spec/initContainers",
  ]);
});
