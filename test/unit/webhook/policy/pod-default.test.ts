import { applyPatch } from "rfc6902";
import { describe, expect, it } from "vitest";
import type { Pod } from "#kube/objects";
import { inject } from "#webhook/injection/inject";
import { fromPodDefault } from "#webhook/policy/pod-default";
import type { PodDefault } from "#webhook/policy/pod-default";
import { decide, namespaced, pod, request } from "#test/unit/webhook/policy/scene";
import type { InjectionPolicy } from "#webhook/api/types";

type Spec = Partial<PodDefault["spec"]>;

const podDefault = (spec: Spec, name = "d"): InjectionPolicy =>
  fromPodDefault({
    apiVersion: "kubeflow.org/v1alpha1",
    kind: "PodDefault",
    metadata: { name, namespace: "work", resourceVersion: "41" },
    spec: { selector: {}, ...spec },
  });

/** The pod as the API server would store it, or why it refuses. */
async function admit(of: Pod, ...policies: readonly InjectionPolicy[]): Promise<Pod | string> {
  const { wishes, refusal } = await decide({ policies }, request(of));
  const { operations, refusal: conflict } = inject(of, wishes);
  const text = refusal ?? conflict;
  if (text !== undefined) return text;
  const copy = structuredClone(of);
  expect(applyPatch(copy, [...operations] as never).filter((error) => error !== null)).toEqual([]);
  return copy;
}

async function admitted(of: Pod, ...policies: readonly InjectionPolicy[]): Promise<Pod> {
  const result = await admit(of, ...policies);
  if (typeof result === "string") throw new Error(result);
  return result;
}

const withMain = (fields: object, spec: object = {}, metadata: object = {}): Pod =>
  pod(metadata, spec, [{ name: "main", image: "i", ...fields }]);
const main = ({ spec }: Pod) => spec.containers[0]!;
const one = { name: "A", value: "1" };
const two = { name: "A", value: "2" };

describe("a PodDefault", () => {
  it("selects by labels in its namespace, all of them with an empty selector", async () => {
    const selective = podDefault({ selector: { matchLabels: { a: "1" } }, env: [one] });
    expect(main(await admitted(withMain({}), selective)).env).toBeUndefined();
    const labelled = withMain({}, {}, { labels: { a: "1" } });
    expect(main(await admitted(labelled, selective)).env).toEqual([one]);
    expect(main(await admitted(withMain({}), podDefault({ env: [one] }))).env).toEqual([one]);
  });

  it("stays away from pods that exclude it; other policies do not", async () => {
    const excluded = withMain(
      {},
      {},
      { annotations: { "poddefault.admission.kubeflow.org/exclude": "true" } },
    );
    const other = namespaced({ inject: [{ name: "b", env: [{ name: "B", value: "1" }] }] });
    const result = await admitted(excluded, podDefault({ env: [one] }), other);
    expect(main(result).env).toEqual([{ name: "B", value: "1" }]);
  });

  it("marks the pod with its name and version", async () => {
    const { metadata } = await admitted(withMain({}), podDefault({ env: [one] }, "gcp"));
    expect(metadata.annotations).toEqual({
      "poddefault.admission.kubeflow.org/poddefault-gcp": "41",
    });
  });

  it("fills in no placeholders and may set any variable", async () => {
    const env = [{ name: "PATH", value: "{user}" }];
    expect(main(await admitted(withMain({}), podDefault({ env }))).env).toEqual(env);
  });

  it("M2: touches main containers only, not its own sidecars", async () => {
    const of = withMain(
      {},
      {
        initContainers: [
          { name: "init", image: "i" },
          { name: "side", image: "i", restartPolicy: "Always" },
        ],
      },
    );
    const sidecar = { name: "added", image: "s" };
    const setup = { name: "setup", image: "s" };
    const { spec } = await admitted(
      of,
      podDefault({ env: [one], sidecars: [sidecar], initContainers: [setup] }),
    );
    expect(spec.containers).toEqual([{ name: "main", image: "i", env: [one] }, sidecar]);
    expect(spec.initContainers).toEqual([setup, ...of.spec.initContainers!]);
  });
});

describe("merging as Kubeflow does", () => {
  it.each<[string, Pod, Spec, Spec | undefined, "refused" | ((result: Pod) => void)]>([
    [
      "env: into a container without any",
      withMain({}),
      { env: [one] },
      undefined,
      (r) => {
        expect(main(r).env).toEqual([one]);
      },
    ],
    [
      "env: behind the container's own",
      withMain({ env: [{ name: "B", value: "b" }] }),
      { env: [one] },
      undefined,
      (r) => {
        expect(main(r).env).toEqual([{ name: "B", value: "b" }, one]);
      },
    ],
    [
      "env: the same twice is one",
      withMain({ env: [one] }),
      { env: [one] },
      { env: [one] },
      (r) => {
        expect(main(r).env).toEqual([one]);
      },
    ],
    [
      "env: another value in the pod",
      withMain({ env: [two] }),
      { env: [one] },
      undefined,
      "refused",
    ],
    [
      "env: another value in another PodDefault",
      withMain({}),
      { env: [one] },
      { env: [two] },
      "refused",
    ],
    [
      "envFrom: behind the container's own",
      withMain({ envFrom: [{ configMapRef: { name: "c" } }] }),
      { envFrom: [{ secretRef: { name: "s" } }] },
      undefined,
      (r) => {
        expect(main(r)["envFrom"]).toEqual([
          { configMapRef: { name: "c" } },
          { secretRef: { name: "s" } },
        ]);
      },
    ],
    [
      "volumes and mounts",
      withMain({}),
      { volumes: [{ name: "v", emptyDir: {} }], volumeMounts: [{ name: "v", mountPath: "/v" }] },
      undefined,
      (r) => {
        expect([r.spec.volumes, main(r).volumeMounts]).toEqual([
          [{ name: "v", emptyDir: {} }],
          [{ name: "v", mountPath: "/v" }],
        ]);
      },
    ],
    [
      "a mount of the pod's own volume",
      withMain({}, { volumes: [{ name: "w", emptyDir: {} }] }),
      { volumeMounts: [{ name: "w", mountPath: "/w" }] },
      undefined,
      (r) => {
        expect(main(r).volumeMounts).toEqual([{ name: "w", mountPath: "/w" }]);
      },
    ],
    [
      "a mount of another PodDefault's volume",
      withMain({}),
      { volumeMounts: [{ name: "v", mountPath: "/v" }] },
      { volumes: [{ name: "v", emptyDir: {} }] },
      (r) => {
        expect(main(r).volumeMounts).toEqual([{ name: "v", mountPath: "/v" }]);
      },
    ],
    [
      "a volume of that name with another source",
      withMain({}, { volumes: [{ name: "v", emptyDir: {} }] }),
      { volumes: [{ name: "v", secret: { secretName: "s" } }] },
      undefined,
      "refused",
    ],
    [
      "volumes of two PodDefaults that differ",
      withMain({}),
      { volumes: [{ name: "v", secret: { secretName: "t" } }] },
      { volumes: [{ name: "v", secret: { secretName: "s" } }] },
      "refused",
    ],
    [
      "another mount on the path",
      withMain(
        { volumeMounts: [{ name: "w", mountPath: "/v" }] },
        { volumes: [{ name: "w", emptyDir: {} }] },
      ),
      {
        volumes: [{ name: "v", secret: { secretName: "s" } }],
        volumeMounts: [{ name: "v", mountPath: "/v" }],
      },
      undefined,
      "refused",
    ],
    [
      "tolerations",
      withMain({}),
      { tolerations: [{ key: "k", operator: "Exists" }] },
      undefined,
      (r) => {
        expect(r.spec.tolerations).toEqual([{ key: "k", operator: "Exists" }]);
      },
    ],
    [
      "a toleration of that key that differs",
      withMain({}, { tolerations: [{ key: "k", operator: "Exists" }] }),
      { tolerations: [{ key: "k", operator: "Equal", value: "1" }] },
      undefined,
      "refused",
    ],
    [
      "labels",
      withMain({}, {}, { labels: { own: "1" } }),
      { labels: { a: "1" } },
      undefined,
      (r) => {
        expect(r.metadata.labels).toEqual({ own: "1", a: "1" });
      },
    ],
    [
      "a label that differs",
      withMain({}, {}, { labels: { a: "2" } }),
      { labels: { a: "1" } },
      undefined,
      "refused",
    ],
    [
      "an annotation that differs",
      withMain({}, {}, { annotations: { a: "2" } }),
      { annotations: { a: "1" } },
      undefined,
      "refused",
    ],
    [
      "pull secrets, each once",
      withMain({}, { imagePullSecrets: [{ name: "p" }] }),
      { imagePullSecrets: [{ name: "p" }, { name: "q" }] },
      undefined,
      (r) => {
        expect(r.spec["imagePullSecrets"]).toEqual([{ name: "p" }, { name: "q" }]);
      },
    ],
    [
      "a sidecar of that name that differs",
      withMain({}),
      { sidecars: [{ name: "main", image: "other" }] },
      undefined,
      "refused",
    ],
    [
      "the same sidecar twice",
      withMain({}),
      { sidecars: [{ name: "s", image: "x" }] },
      { sidecars: [{ name: "s", image: "x" }] },
      (r) => {
        expect(r.spec.containers).toHaveLength(2);
      },
    ],
    [
      "the ServiceAccount, whatever the pod has",
      withMain({}, { serviceAccountName: "default" }),
      { serviceAccountName: "sa" },
      undefined,
      (r) => {
        expect(r.spec.serviceAccountName).toBe("sa");
      },
    ],
    [
      "the last PodDefault's ServiceAccount by name",
      withMain({}),
      { serviceAccountName: "first", automountServiceAccountToken: true },
      { serviceAccountName: "last", automountServiceAccountToken: false },
      (r) => {
        expect([r.spec.serviceAccountName, r.spec["automountServiceAccountToken"]]).toEqual([
          "last",
          false,
        ]);
      },
    ],
    [
      "command and args where there are none",
      withMain({}),
      { command: ["c"], args: ["a"] },
      undefined,
      (r) => {
        expect(main(r)).toMatchObject({ command: ["c"], args: ["a"] });
      },
    ],
    [
      "no command over the container's own",
      withMain({ command: ["own"] }),
      { command: ["c"], args: ["a"] },
      undefined,
      (r) => {
        expect(main(r)).toMatchObject({ command: ["own"], args: ["a"] });
      },
    ],
    [
      "the first PodDefault's command by name",
      withMain({}),
      { command: ["first"] },
      { command: ["last"] },
      (r) => {
        expect(main(r)["command"]).toEqual(["first"]);
      },
    ],
    [
      "no command for istio-proxy",
      pod({}, {}, [{ name: "istio-proxy" }]),
      { command: ["c"] },
      undefined,
      (r) => {
        expect(main(r)["command"]).toBeUndefined();
      },
    ],
  ])("%s", async (_what, of, spec, second, expected) => {
    const policies = [podDefault(spec, "a"), ...(second ? [podDefault(second, "b")] : [])];
    const result = await admit(of, ...policies.reverse());
    if (expected === "refused") expect(result).toEqual(expect.any(String));
    else expected(typeof result === "string" ? expect.fail(result) : result);
  });

  it("F5: a second call changes nothing", async () => {
    const full = podDefault({
      env: [one],
      envFrom: [{ secretRef: { name: "s" } }],
      volumes: [{ name: "v", emptyDir: {} }],
      volumeMounts: [
        { name: "v", mountPath: "/v" },
        { name: "v", mountPath: "/w", subPath: "w" },
      ],
      sidecars: [{ name: "s", image: "x" }],
      command: ["c"],
      serviceAccountName: "sa",
      labels: { a: "1" },
    });
    const once = await admitted(withMain({}), full);
    expect(main(once).volumeMounts).toHaveLength(2);
    expect(await admitted(once, full)).toEqual(once);
  });
});
