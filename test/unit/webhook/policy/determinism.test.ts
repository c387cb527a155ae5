import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  alice,
  byLabel,
  cluster,
  decide,
  env,
  labelled,
  mine,
  namespaceUser,
  namespaced,
  podOf,
  request,
  secret,
  secretsOf,
} from "#test/unit/webhook/policy/scene";

describe("determinism", () => {
  const policies = [
    cluster({ inject: [env("A", "1")] }, "a"),
    cluster({ priority: 7, inject: [env("A", "2"), env("B", "2")] }, "b"),
    namespaced({ user: byLabel, inject: [labelled()] }, "c"),
    namespaced({ preset: "Datalayer", priority: -4 }, "d"),
    namespaced({ inject: [env("PATH", "1")] }, "e"),
    namespaced({ match: { runtimeTypes: ["x"] }, inject: [env("C", "1")] }, "f"),
    cluster({ user: { from: "ServiceAccount", untrusted: "Refuse" }, inject: [labelled()] }, "g"),
  ];
  const secrets = [
    secret("s", ["K", "L"], secretsOf("alice")),
    secret("r", ["L"], secretsOf("alice")),
  ];

  it("the order of policies and Secrets never matters", async () => {
    const scene = { ...mine, accounts: { default: { [namespaceUser]: "alice" } } };
    const expected = await decide({ ...scene, policies, secrets }, request(podOf("alice")));
    expect(expected.wishes.length).toBeGreaterThan(5);
    const shuffled = fc.tuple(
      fc.shuffledSubarray(policies, { minLength: policies.length }),
      fc.shuffledSubarray(secrets, { minLength: secrets.length }),
    );
    await fc.assert(
      fc.asyncProperty(shuffled, async ([others, mixed]) => {
        const found = await decide(
          { ...scene, policies: others, secrets: mixed },
          request(podOf("alice")),
        );
        expect(found).toEqual(expected);
      }),
    );
  });

  it("what was decided about one pod does not colour the next one's", async () => {
    const scene = {
      allowed: ["alice/alice", "alice/bob"],
      policies,
      secrets: [...secrets, secret("b", ["B"], secretsOf("bob"))],
    };
    const first = await decide(scene, request(podOf("alice")));
    const bobs = await decide(scene, request(podOf("bob")));
    expect(JSON.stringify(bobs.wishes)).not.toContain("alice");
    expect(await decide(scene, request(podOf("alice")))).toEqual(first);
  });

  it("what is kept of earlier users, Secrets and namespaces never shows", async () => {
    const home = { name: "home", home: { claim: { size: "1Gi" }, mounts: [{ mountPath: "/h" }] } };
    const policy = cluster({ user: byLabel, inject: [labelled(), home] });
    const lists = [secrets, [secret("t", ["M"], secretsOf("u1"))], []];
    // More users than an item keeps.
    const call = fc.tuple(fc.nat(130), fc.nat(2), fc.constantFrom("work", "play"));
    const calls = fc.array(call, { minLength: 150, maxLength: 150 });
    await fc.assert(
      fc.asyncProperty(calls, async (all) => {
        for (const [number, list, namespace] of all) {
          const user = `u${String(number)}`;
          const scene = { allowed: [`alice/${user}`], secrets: lists[list] ?? [] };
          const of = request(podOf(user), alice, namespace);
          const fresh = structuredClone(policy);
          const found = await decide({ ...scene, policies: [policy] }, of);
          expect(found).toEqual(await decide({ ...scene, policies: [fresh] }, of));
          expect(found.claims).toMatchObject([{ user, namespace }]);
        }
      }),
      { numRuns: 5 },
    );
  });
});
