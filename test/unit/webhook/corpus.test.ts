import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Pod } from "#kube/objects";
import type { Wish } from "#webhook/injection/wish";
import { checked, containersOf, expectNothingMore } from "./injection/law.ts";
import { meddled } from "./injection/other-webhook.ts";
import { env, secretVolume, wish } from "./injection/wishing.ts";

const folder = join(import.meta.dirname, "../../fixtures/pods");
const corpus = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ""));

function read(name: string): Pod {
  return parse(readFileSync(join(folder, `${name}.yaml`), "utf8")) as Pod;
}

const home = {
  kind: "volume",
  volume: { name: "clouder-home", persistentVolumeClaim: { claimName: "shared-fs-pvc" } },
  mounts: [
    { name: "clouder-home", mountPath: "/home/jovyan", subPath: "home/users/ada" },
    { name: "clouder-home", mountPath: "/home/jovyan/team", subPath: "home/teams/blue" },
  ],
} as const;
const token = { name: "TOKEN", valueFrom: { secretKeyRef: { name: "ada", key: "token" } } };
const guard = { name: "guard", image: "registry.example.com/guard:1" };

/** What a user's runtime gets, and a little more. */
const rich: readonly Wish[] = [
  wish({ kind: "container", init: true, container: guard }),
  wish(env("HOME", "/home/jovyan")),
  wish(env("STAGE", "test")),
  wish({ kind: "env", env: token }),
  wish({ kind: "envFrom", source: { secretRef: { name: "ada", optional: true } } }),
  wish(secretVolume("data", "ada-files", "/run/ada")),
  wish({
    kind: "volume",
    volume: { name: "tmp", emptyDir: {} },
    mounts: [{ name: "tmp", mountPath: "/dev/scratch" }],
  }),
  wish(home),
  wish({ kind: "serviceAccount", name: "runtime" }),
  wish({ kind: "automountToken", value: false }),
  wish({ kind: "runtimeClass", name: "clouder" }),
  wish({ kind: "seccomp", profile: { type: "RuntimeDefault" } }),
  wish({ kind: "nodeSelector", key: "clouder.datalayer.io/pool", value: "runtimes" }),
  wish({ kind: "toleration", toleration: { key: "runtimes", operator: "Exists" } }),
  wish({ kind: "label", key: "runtime-pools.datalayer.io/name", value: "small" }),
  wish({ kind: "annotation", key: "a/b~c", value: "x" }),
  wish({ kind: "imagePullSecret", name: "registry-login" }),
];

it("the corpus is rich enough", () => {
  expect(corpus.length).toBeGreaterThanOrEqual(12);
});

describe("every pod of the corpus gets what is wished for, and nothing the second time:", () => {
  it.each(corpus)("%s (F5, F6, F9, F15)", (name) => {
    const pod = read(name);
    const { after, refusal } = checked(pod, rich);
    expect(refusal).toBeUndefined();
    expectNothingMore(meddled(after, 7), rich);
    for (const container of containersOf(after)) {
      const ours =
        container.name === guard.name || (name.startsWith("skip") && container.name === "metrics");
      const names = (container.env ?? []).map((entry) => entry["name"]);
      expect(names.includes("TOKEN")).toBe(!ours);
    }
    expect(after.spec.ephemeralContainers).toEqual(pod.spec.ephemeralContainers);
    expect(after.spec.initContainers?.[0]).toEqual(guard);
  });
});

it("F15: a Windows pod gets neither a seccomp profile nor the Linux runtime class", () => {
  const { after } = checked(read("windows"), rich);
  expect(after.spec["securityContext"]).toEqual(read("windows").spec["securityContext"]);
  expect(after.spec.runtimeClassName).toBeUndefined();
});

it("F15: native sidecars, init and main containers of a mesh's pod are injected alike", () => {
  const { after } = checked(read("istio-injected"), rich);
  const mounted = containersOf(after).filter(({ volumeMounts }) =>
    volumeMounts?.some(({ mountPath }) => mountPath === "/home/jovyan"),
  );
  expect(mounted.map(({ name }) => name)).toEqual(["istio-init", "istio-proxy", "web"]);
});

it("a pod that has the user's claim already mounts it from there, with both subPaths (N1)", () => {
  const { after } = checked(read("gpu-training-job"), rich);
  expect(after.spec.volumes?.filter((volume) => "persistentVolumeClaim" in volume)).toHaveLength(1);
  const mounts = after.spec.containers[0]?.volumeMounts?.filter(({ name }) => name === "shared");
  expect(mounts?.map(({ subPath }) => subPath)).toEqual([
    "datasets",
    "runs/llm",
    "home/users/ada",
    "home/teams/blue",
  ]);
});

it("a block device's path is not mounted over", () => {
  const { outcomes } = checked(read("gpu-training-job"), rich);
  const place = outcomes.find(({ where }) => where === "containers/trainer mount /dev/scratch");
  expect(place?.result).toBe("kept");
});

it("the pod's own values stay: home of a notebook, account of a driver, profile of a database", () => {
  const after = (name: string) => checked(read(name), rich).after;
  const notebook = after("jupyterhub-single-user").spec;
  expect(notebook.containers[0]?.volumeMounts?.[0]?.name).toBe("volume-ada");
  expect(notebook.serviceAccountName).toBe("runtime");
  expect(after("spark-driver").spec.serviceAccountName).toBe("spark");
  expect(after("cronjob").spec.containers[0]?.env?.[0]?.["name"]).toBe("HOME");
});

it("a volume whose name is taken gets another one that follows from its content", () => {
  const names = (name: string) =>
    checked(read(name), rich).after.spec.volumes?.filter((volume) => "secret" in volume);
  const [renamed] = names("statefulset-database") ?? [];
  expect(renamed?.name).toMatch(/^data-[0-9a-f]{8}$/);
  expect(names("generate-name")?.[0]?.name).toBe("data");
});
