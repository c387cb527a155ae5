import { describe, expect, it } from "vitest";
import type { Pod } from "#kube/objects";
import type { InjectionPolicy, InjectionPolicySpec } from "#webhook/api/types";
import { decide } from "#webhook/decide";
import type { InjectionWorld, PodRequest } from "#webhook/policy/request";
import { applied } from "./injection/law.ts";
import { podOf, podWith } from "./injection/wishing.ts";

const userLabel = "runtime-pools.datalayer.io/user-uid";
const injectedMark = "clouder.datalayer.io/injected";
const userMark = "clouder.datalayer.io/injected-user";

function policy(spec: InjectionPolicySpec): InjectionPolicy {
  return {
    apiVersion: "clouder.datalayer.io/v1alpha1",
    kind: "ClusterInjectionPolicy",
    metadata: { name: "p" },
    spec,
  };
}

const forUser = policy({
  user: { from: "PodLabel" },
  inject: [
    { name: "login", secret: { name: "login-{user}", as: "EnvFrom" } },
    { name: "stage", env: [{ name: "STAGE", value: "test" }] },
  ],
});

function world(policies: readonly InjectionPolicy[], rest: Partial<InjectionWorld> = {}) {
  return {
    policies: () => policies,
    namespaceLabels: () => Promise.resolve({}),
    serviceAccountLabels: () => Promise.resolve({}),
    secrets: () => [],
    mayUse: (_creator, _namespace, user) => Promise.resolve(user === "ada"),
    ...rest,
  } satisfies InjectionWorld;
}

function request(pod: Pod, namespace = "runtimes"): PodRequest {
  return { pod, namespace, creator: { username: "carol", groups: [] } };
}

const ada = () => podWith({}, { labels: { [userLabel]: "ada" } });

describe("marks", () => {
  it("an injected pod says what it got and whose it is, in the same patch", async () => {
    const { operations, user } = await decide(request(ada()), world([forUser]));
    const after = applied(ada(), operations);
    expect(user).toBe("ada");
    expect(after.metadata.annotations).toEqual({
      [injectedMark]: "ClusterInjectionPolicy/p/login,ClusterInjectionPolicy/p/stage",
      [userMark]: "ada",
    });
    expect(operations.filter(({ path }) => path.startsWith("/metadata"))).toHaveLength(1);
  });

  it("F5: a second call changes nothing, marks included", async () => {
    const first = await decide(request(ada()), world([forUser]));
    const again = await decide(request(applied(ada(), first.operations)), world([forUser]));
    expect(again.operations).toEqual([]);
    expect(again.user).toBe("ada");
  });

  it("a pod that nothing is injected into gets none", async () => {
    const pod = podOf({ env: [{ name: "STAGE", value: "test" }] });
    const { operations } = await decide(request(pod), world([forUser]));
    expect(operations).toEqual([]);
  });

  it("a mark of a user whom nobody vouches for is taken away", async () => {
    const pod = podWith({}, { annotations: { [userMark]: "eve", own: "1" } });
    const { operations } = await decide(request(pod), world([forUser]));
    expect(applied(pod, operations).metadata.annotations).toMatchObject({ own: "1" });
    expect(applied(pod, operations).metadata.annotations).not.toHaveProperty([userMark]);
  });

  it("F4: a pod that claims to be injected, and is not, loses that mark", async () => {
    const forged = podWith({}, { annotations: { [injectedMark]: "Policy/a/b", kept: "yes" } });
    const { operations } = await decide(request(forged), world([]));
    expect(applied(forged, operations).metadata.annotations).toEqual({ kept: "yes" });
  });

  it("a wrong user's mark becomes the right one", async () => {
    const pod = podWith({}, { labels: { [userLabel]: "ada" }, annotations: { [userMark]: "eve" } });
    const { operations } = await decide(request(pod), world([forUser]));
    expect(applied(pod, operations).metadata.annotations?.[userMark]).toBe("ada");
  });
});

describe("pods that are left as they are:", () => {
  const untouched: readonly [string, Pod, string?][] = [
    [
      "one that is restored: it holds already what was injected",
      podWith(
        { runtimeClassName: "clouder" },
        { annotations: { "clouder.datalayer.io/restore": "u", [userMark]: "eve" } },
      ),
    ],
    ["F1: a mirror pod", podWith({}, { annotations: { "kubernetes.io/config.mirror": "x" } })],
    ["one labelled so", podWith({}, { labels: { "clouder.datalayer.io/inject": "disabled" } })],
    ["F1: one of kube-system", podWith(), "kube-system"],
    ["F1, F2: one of our own", podWith(), "clouder-system"],
  ];

  it.each(untouched)("%s", async (_, pod, namespace) => {
    const decision = await decide(request(pod, namespace), world([forUser]));
    expect(decision).toMatchObject({ allowed: true, operations: [], outcomes: [], claims: [] });
    expect(decision.exempt).toBeTruthy();
  });

  it("one of a namespace labelled so", async () => {
    const labels = { "clouder.datalayer.io/inject": "disabled" };
    const quiet = world([forUser], { namespaceLabels: () => Promise.resolve(labels) });
    const decision = await decide(request(ada()), quiet);
    expect(decision.operations).toEqual([]);
    expect(decision.exempt).toContain("namespace");
  });
});

describe("warnings and refusals", () => {
  it("M3: who forges a label gets nothing of that user, and is told without values", async () => {
    const pod = podWith({}, { labels: { [userLabel]: "bob" } });
    const { operations, warnings, user } = await decide(request(pod), world([forUser]));
    expect(user).toBeUndefined();
    expect(JSON.stringify(operations)).not.toContain("login-");
    expect(warnings.join()).toContain("bob");
  });

  it("a conflict with SkipAndWarn is a warning that the API server does not cut, and names the place", async () => {
    const name = "A".repeat(240);
    const told = policy({
      conflict: "SkipAndWarn",
      inject: [{ name: "i", env: [{ name, value: "x" }] }],
    });
    const pod = podOf({ env: [{ name, value: "own" }] });
    const { warnings, allowed } = await decide(request(pod), world([told]));
    expect(allowed).toBe(true);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.length).toBeLessThanOrEqual(256);
    expect(warnings[0]).toMatch(/^not injected: containers\/main env AAA/);
  });

  it("a conflict with Refuse refuses the pod: no operation, no claim", async () => {
    const strict = policy({
      conflict: "Refuse",
      inject: [{ name: "i", env: [{ name: "A", value: "x" }] }],
    });
    const pod = podOf({ env: [{ name: "A", value: "own" }] });
    const decision = await decide(request(pod), world([strict]));
    expect(decision).toMatchObject({ allowed: false, operations: [], claims: [] });
    expect(decision.refusal).toContain("containers/main env A");
  });
});
