import { describe, expect, it } from "vitest";
import type { InjectionItem } from "#webhook/api/types";
import {
  byLabel,
  cluster,
  decide,
  env,
  labelled,
  mine,
  namespaceUser,
  namespaced,
  parts,
  pod,
  podOf,
  request,
  secret,
  secretsOf,
} from "#test/unit/webhook/policy/scene";

describe("the user decides what a policy brings", () => {
  const policies = [
    namespaced({
      user: byLabel,
      inject: [
        env("A", "1"),
        labelled(),
        { name: "h", home: { claim: { size: "1Gi" }, mounts: [{ mountPath: "/h" }] } },
      ],
    }),
  ];
  const secrets = [secret("s", ["K"], secretsOf("alice")), secret("t", ["K"], secretsOf("bob"))];

  it("M3: a forged label brings nothing at all of the policy, and a warning why", async () => {
    const wishes = await decide({ policies, secrets }, request(podOf("bob")));
    expect(wishes).toEqual({
      wishes: [],
      claims: [],
      warnings: [
        'nothing injected by InjectionPolicy/work/p: alice may not "use" injectionusers/bob in work',
      ],
      considered: [
        {
          policy: "InjectionPolicy/work/p",
          matched: false,
          reason: 'alice may not "use" injectionusers/bob in work',
        },
      ],
    });
  });

  it("M3: a forged label refuses the pod where the policy says so", async () => {
    const strict = [
      namespaced({ ...policies[0]!.spec, user: { ...byLabel, untrusted: "Refuse" } }),
    ];
    const wishes = await decide({ policies: strict, secrets }, request(podOf("bob")));
    expect(wishes.refusal).toBe(
      'InjectionPolicy/work/p: alice may not "use" injectionusers/bob in work',
    );
    expect([wishes.wishes, wishes.claims]).toEqual([[], []]);
  });

  it("M3: a label against the namespace's user refuses the pod", async () => {
    const wishes = await decide(
      { policies, secrets, namespaceLabels: { [namespaceUser]: "bob" } },
      request(podOf("alice")),
    );
    expect(wishes.refusal).toContain("the namespace belongs to bob");
  });

  it("a pod without a user gets what needs none, and explain says what is missing", async () => {
    const wishes = await decide({ policies, secrets }, request(pod()));
    expect(parts(wishes)).toEqual([{ kind: "env", env: { name: "A", value: "1" } }]);
    expect(wishes.warnings).toEqual([]);
    expect(wishes.considered[0]?.reason).toBe("matches, without keys (no user), h (no user)");
  });

  it("a pod gets one user's things only", async () => {
    const byAccount = cluster({ user: { from: "ServiceAccount" }, inject: [labelled()] }, "sa");
    const scene = { ...mine, secrets, accounts: { default: { [namespaceUser]: "alice" } } };
    const agreeing = await decide(
      { ...scene, policies: [...policies, byAccount] },
      request(podOf("alice")),
    );
    expect(agreeing.wishes.filter(({ source }) => source.item === "keys")).toHaveLength(2);
    const custom = namespaced(
      {
        priority: 1,
        user: { from: "PodLabel", key: "k", trusted: { groups: ["g"] } },
        inject: [labelled()],
      },
      "first",
    );
    const both = pod({ labels: { k: "bob" } });
    const creator = { username: "hub", groups: ["g"] };
    const differing = await decide(
      { ...scene, policies: [byAccount, custom] },
      request(both, creator),
    );
    expect(differing.user).toBe("bob");
    expect(differing.wishes.map(({ source }) => source.policy)).toEqual([
      "InjectionPolicy/work/first",
    ]);
    expect(differing.warnings).toEqual([
      "nothing injected by ClusterInjectionPolicy/sa: it finds user alice, a policy of higher precedence found bob",
    ]);
  });

  it("N1, N4: a home is a claim to be made by the controller, one for each user", async () => {
    const item: InjectionItem = {
      name: "home",
      home: {
        claim: { size: "10Gi", storageClassName: "gp3" },
        mounts: [{ mountPath: "/home" }, { mountPath: "/opt", subPath: "opt" }],
      },
    };
    const wishes = await decide(
      { ...mine, policies: [namespaced({ user: byLabel, inject: [item] })] },
      request(podOf("alice")),
    );
    expect(wishes.claims).toEqual([
      {
        policy: "InjectionPolicy/work/p",
        item: "home",
        namespace: "work",
        name: "home-alice",
        user: "alice",
        storageClassName: "gp3",
        size: "10Gi",
        accessModes: ["ReadWriteOnce"],
        deletion: "Retain",
      },
    ]);
    expect(parts(wishes)).toMatchObject([
      {
        volume: { persistentVolumeClaim: { claimName: "home-alice" } },
        mounts: [{ mountPath: "/home" }, { mountPath: "/opt", subPath: "opt" }],
      },
    ]);
  });

  it("N1: a shared home puts its folder in front of every mount's", async () => {
    const item: InjectionItem = {
      name: "home",
      home: {
        shared: { claimName: "shared", subPath: "home/users/{user}" },
        mounts: [
          { mountPath: "/home/{handle}" },
          { mountPath: "/w", subPath: "work", readOnly: true },
        ],
      },
    };
    const handled = podOf("alice", { "runtime-pools.datalayer.io/user-handle": "Al" });
    const wishes = await decide(
      { ...mine, policies: [namespaced({ user: byLabel, inject: [item] })] },
      request(handled),
    );
    expect(wishes.claims).toEqual([]);
    expect(parts(wishes)).toMatchObject([
      {
        mounts: [
          { mountPath: "/home/Al", subPath: "home/users/alice" },
          { mountPath: "/w", subPath: "home/users/alice/work", readOnly: true },
        ],
      },
    ]);
  });

  it("N1: a handle that is no safe segment gives way to the uid", async () => {
    const item: InjectionItem = {
      name: "home",
      home: {
        shared: { claimName: "s", subPath: "u/{user}" },
        mounts: [{ mountPath: "/home/{handle}" }],
      },
    };
    const handled = podOf("alice", { "runtime-pools.datalayer.io/user-handle": "../etc" });
    const wishes = await decide(
      { ...mine, policies: [namespaced({ user: byLabel, inject: [item] })] },
      request(handled),
    );
    expect(parts(wishes)).toMatchObject([{ mounts: [{ mountPath: "/home/alice" }] }]);
  });

  it("F4: an item whose placeholder stands for nothing is left out with a warning", async () => {
    const item: InjectionItem = { name: "t", env: [{ name: "TEAM", value: "{team}" }] };
    const without = await decide({ policies: [namespaced({ inject: [item] })] });
    expect([without.wishes, without.warnings]).toEqual([
      [],
      [
        "item t of InjectionPolicy/work/p is left out: {team} is the namespace's label clouder.datalayer.io/team, which is not set",
      ],
    ]);
    const labels = { "clouder.datalayer.io/team": "blue" };
    const having = await decide({
      policies: [namespaced({ inject: [item] })],
      namespaceLabels: labels,
    });
    expect(parts(having)).toEqual([{ kind: "env", env: { name: "TEAM", value: "blue" } }]);
  });

  it("F4: a policy that is not valid is told to whom it would have concerned, and to nobody else", async () => {
    const bad = namespaced({
      match: { podSelector: { matchLabels: { a: "1" } } },
      inject: [env("PATH", "/x")],
    });
    const concerned = await decide({ policies: [bad] }, request(pod({ labels: { a: "1" } })));
    expect(concerned.warnings).toEqual([
      "InjectionPolicy/work/p is not valid and was left out: " +
        'spec.inject[0].env[0].name "PATH" is reserved: it decides which programs run: name it in spec.allowReserved if need be',
    ]);
    expect((await decide({ policies: [bad] })).warnings).toEqual([]);
    const hopeless = { ...bad, spec: { match: 3 } } as never;
    expect((await decide({ policies: [hopeless] })).considered[0]?.reason).toContain("not valid");
  });
});
