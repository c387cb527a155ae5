import { describe, expect, it } from "vitest";
import type { InjectionItem, InjectionPolicy, InjectionPolicySpec } from "#webhook/api/types";
import { celString, celValue } from "#webhook/export/cel";
import { mutatingPolicy } from "#webhook/export/mutating-policy";

const policy = (spec: InjectionPolicySpec, kind = "ClusterInjectionPolicy"): InjectionPolicy =>
  ({
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind,
    metadata: { name: "base", ...(kind === "InjectionPolicy" ? { namespace: "team" } : {}) },
    spec,
  }) as InjectionPolicy;

interface Exported {
  readonly matchConstraints: Readonly<Record<string, unknown>>;
  readonly matchConditions: readonly { readonly name: string }[];
  readonly mutations: readonly {
    readonly patchType: string;
    readonly jsonPatch: { readonly expression: string };
  }[];
}
const specOf = (spec: InjectionPolicySpec, kind?: string) =>
  (mutatingPolicy(policy(spec, kind)).objects[0] as unknown as { readonly spec: Exported }).spec;
const expressions = (...inject: readonly InjectionItem[]) =>
  specOf({ inject }).mutations.map(({ jsonPatch }) => jsonPatch.expression);

const env: InjectionItem = { name: "mode", env: [{ name: "MODE", value: "prod" }] };

describe("a policy as a MutatingAdmissionPolicy", () => {
  it("has a binding, and matches what the webhook would", () => {
    const { objects } = mutatingPolicy(
      policy({ match: { podSelector: { matchLabels: { app: "nb" } } }, inject: [env] }),
    );
    expect(objects.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
      ["MutatingAdmissionPolicy", "clouder-cluster-base"],
      ["MutatingAdmissionPolicyBinding", "clouder-cluster-base"],
    ]);
    const { matchConstraints, matchConditions } = (
      objects[0] as unknown as { readonly spec: Exported }
    ).spec;
    expect(matchConstraints).toMatchObject({
      objectSelector: {
        matchLabels: { app: "nb" },
        matchExpressions: [
          { key: "clouder.datalayer.io/inject", operator: "NotIn", values: ["disabled"] },
        ],
      },
      resourceRules: [{ operations: ["CREATE"], resources: ["pods"] }],
    });
    expect(JSON.stringify(matchConstraints)).toContain("kube-system");
    expect(matchConditions.map(({ name }) => name)).toContain("no-restored-pod");
  });

  it("of a namespace matches that namespace alone", () => {
    expect(specOf({ inject: [env] }, "InjectionPolicy").matchConstraints).toMatchObject({
      namespaceSelector: {
        matchExpressions: [
          { key: "kubernetes.io/metadata.name", operator: "In", values: ["team"] },
          expect.anything(),
        ],
      },
    });
  });

  it("of the preset for checkpoints matches the labelled pods", () => {
    const { mutations, matchConditions } = specOf({ preset: "Checkpointable" });
    expect(mutations).toHaveLength(3);
    expect(matchConditions.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["checkpointable", "no-windows"]),
    );
  });

  it.each<[string, InjectionItem, string]>([
    ["env", env, "/env/-', value: {'name': dyn('MODE'), 'value': dyn('prod')}"],
    [
      "a volume with mounts",
      {
        name: "cache",
        volume: {
          volume: { name: "cache", emptyDir: {} },
          mounts: [{ mountPath: "/cache", readOnly: true }],
        },
      },
      "'mountPath': dyn('/cache'), 'readOnly': dyn(true)",
    ],
    [
      "a node selector",
      { name: "place", pod: { nodeSelector: { "a/b": "c" } } },
      "jsonpatch.escapeKey('a/b')",
    ],
    [
      "a toleration",
      { name: "gpu", pod: { tolerations: [{ key: "gpu", operator: "Exists" }] } },
      "'/spec/tolerations/-', value: {'key': dyn('gpu'), 'operator': dyn('Exists')}",
    ],
    [
      "a label",
      { name: "team", pod: { labels: { team: "a" } } },
      "'team' in object.metadata.?labels.orValue({}) ? []",
    ],
    [
      "a runtime class",
      { name: "class", pod: { runtimeClassName: "clouder" } },
      "has(object.spec.runtimeClassName) ? []",
    ],
    [
      "an init container",
      { name: "init", pod: { initContainers: [{ name: "init", image: "busybox" }] } },
      "'image': dyn('busybox')",
    ],
    [
      "a named Secret as variables",
      { name: "login", secret: { name: "login", as: "EnvFrom" } },
      "'secretRef': dyn({'name': dyn('login')",
    ],
  ])("says %s in CEL, keeping the pod's own", (_what, item, text) => {
    const made = expressions(item);
    expect(made.join("\n")).toContain(text);
    for (const expression of made) expect(expression).toContain("[]");
  });

  it("F11: sources go in front of the pod's own, and keep their order among each other", () => {
    const made = expressions(
      { name: "a", envFrom: [{ secretRef: { name: "a1" } }, { secretRef: { name: "a2" } }] },
      { name: "b", envFrom: [{ secretRef: { name: "b1" } }] },
      env,
    );
    const order = made.map((one) => /'name': dyn\('(\w+)'\)/.exec(one)?.[1]);
    expect(order).toEqual(["MODE", "b1", "a2", "a1"]);
    expect(made[1]).toContain("/envFrom/0'");
  });

  it("chooses containers as the webhook does", () => {
    const [main = ""] = expressions({
      ...env,
      containers: { include: ["app-*", "x.y"], exclude: ["app-x"], kinds: ["Main"] },
    });
    expect(main).toContain("matches('^(app-.*|x\\\\.y)$')");
    expect(main).toContain("!object.spec.containers[i].name.matches('^(app-x)$')");
    expect(main).not.toContain("initContainers");
    const [sidecars = ""] = expressions({ ...env, containers: { kinds: ["Sidecar"] } });
    expect(sidecars).toContain(
      "object.spec.initContainers[i].?restartPolicy.orValue('') == 'Always'",
    );
    expect(sidecars).not.toContain("spec.containers[i]");
  });
});

describe("what cannot be expressed", () => {
  const left = (spec: InjectionPolicySpec) => mutatingPolicy(policy(spec)).left;

  it("is named item by item", () => {
    const spec: InjectionPolicySpec = {
      user: { from: "PodLabel", untrusted: "Refuse" },
      inject: [
        env,
        { name: "login", secret: { name: "login-{user}", as: "EnvFrom" } },
        { name: "all", secret: { label: "a/user", as: "Env" } },
        { name: "strict", conflict: "Refuse", env: [{ name: "A", value: "1" }] },
        { name: "told", conflict: "SkipAndWarn", env: [{ name: "B", value: "1" }] },
        { name: "start", pod: { command: ["run"] } },
      ],
    };
    const said = left(spec).join("\n");
    for (const text of [
      "item login: needs to know the pod's user",
      "item all: needs to know the pod's user",
      "item strict: its conflict rule is Refuse",
      "item told: is kept out silently",
      "item start: command and args",
      "pods with a forged user are not refused",
      "no marks",
    ]) {
      expect(said).toContain(text);
    }
    expect(said).not.toContain("item mode");
  });

  it("a policy of nothing else is refused with the reasons", () => {
    expect(() => left({ preset: "Datalayer" })).toThrow(/nothing of .* can be expressed/);
  });

  it("a policy that is not valid is refused as the webhook would", () => {
    expect(() => left({ inject: [{ name: "a", env: [{ name: "PATH", value: "/x" }] }] })).toThrow(
      /is not valid/,
    );
  });
});

describe("texts in CEL", () => {
  it.each([
    ["it's", "'it\\'s'"],
    ["a\\b", "'a\\\\b'"],
    ["') || true || ('", "'\\') || true || (\\''"],
    ["two\nlines", "'two\\u000alines'"],
    ["ü😀", "'ü😀'"],
  ])("%j is a string and nothing else", (text, literal) => {
    expect(celString(text)).toBe(literal);
  });

  it("lists and maps hold values of any type", () => {
    expect(celValue({ a: [1, "x", { b: true }] })).toBe(
      "{'a': dyn([dyn(1), dyn('x'), dyn({'b': dyn(true)})])}",
    );
  });
});
