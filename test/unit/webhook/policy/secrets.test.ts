import { describe, expect, it } from "vitest";
import type { InjectionItem } from "#webhook/api/types";
import {
  byLabel,
  decide,
  labelled,
  mine,
  namespaced,
  parts,
  podOf,
  request,
  secret,
  secretsOf,
} from "#test/unit/webhook/policy/scene";
import type { Scene } from "#test/unit/webhook/policy/scene";

describe("M1: Secrets by label", () => {
  const secrets = [
    secret("z", ["TOKEN", "PATH", "9LIVES"], secretsOf("alice")),
    secret("a", ["TOKEN", "B", "A"], secretsOf("alice")),
    secret("other", ["STOLEN"], secretsOf("bob")),
    secret("none", ["PUBLIC"]),
  ];
  const scene = (item: InjectionItem): Scene => ({
    ...mine,
    secrets,
    policies: [namespaced({ user: byLabel, inject: [item] })],
  });
  const ask = (item: InjectionItem) => decide(scene(item), request(podOf("alice")));

  it("as Env are references by key, sorted, the user's alone", async () => {
    const wishes = await ask(labelled());
    expect(wishes.user).toBe("alice");
    expect(parts(wishes)).toEqual(
      [
        ["A", "a"],
        ["B", "a"],
        ["TOKEN", "a"],
      ].map(([key = "", name]) => ({
        kind: "env",
        env: { name: key, valueFrom: { secretKeyRef: { name, key, optional: true } } },
      })),
    );
  });

  it("F12: keys that must not be variables are left out with a warning of names only", async () => {
    expect((await ask(labelled())).warnings).toEqual([
      "InjectionPolicy/work/p: key 9LIVES of Secret z is left out: 9LIVES is no valid name of a variable",
      "InjectionPolicy/work/p: key PATH of Secret z is left out: PATH is reserved: it decides which programs run",
      "InjectionPolicy/work/p: key TOKEN of Secret z is left out: Secret a sets TOKEN already",
    ]);
  });

  it("a prefix is part of the name that is judged", async () => {
    const wishes = await ask(labelled({ prefix: "U_" }));
    expect(parts(wishes).map((part) => part.kind === "env" && part.env.name)).toEqual([
      "U_A",
      "U_B",
      "U_TOKEN",
      "U_9LIVES",
      "U_PATH",
    ]);
  });

  it("as EnvFrom stay whole, but for Secrets with keys that must be left out", async () => {
    const wishes = await ask(labelled({ as: "EnvFrom" }));
    expect(parts(wishes)).toEqual([
      {
        kind: "env",
        env: {
          name: "TOKEN",
          valueFrom: { secretKeyRef: { name: "z", key: "TOKEN", optional: true } },
        },
      },
      { kind: "envFrom", source: { secretRef: { name: "a", optional: true } } },
    ]);
    expect(wishes.warnings).toHaveLength(2);
  });

  it("as Files get a folder each, read-only, their volumes named after their content", async () => {
    const [one, two] = parts(await ask(labelled({ as: "Files", mountPath: "/s/" })));
    expect(one).toMatchObject({
      kind: "volume",
      volume: { secret: { secretName: "a", optional: true } },
      mounts: [{ mountPath: "/s/a", readOnly: true }],
    });
    expect(two).toMatchObject({ mounts: [{ mountPath: "/s/z" }] });
    const names = [one, two].map((part) => part?.kind === "volume" && part.volume.name);
    expect(new Set(names).size).toBe(2);
    expect(names[0]).toMatch(/^clouder-secret-[0-9a-f]{12}$/);
  });

  it("F13: a Secret that may be missing is optional, one that must be there is not", async () => {
    const must = await ask({
      name: "k",
      secret: { name: "s-{user}", as: "Env", keys: [{ key: "a", as: "A" }], optional: false },
    });
    expect(parts(must)).toEqual([
      {
        kind: "env",
        env: {
          name: "A",
          valueFrom: { secretKeyRef: { name: "s-alice", key: "a", optional: false } },
        },
      },
    ]);
    const may = await ask({ name: "k", secret: { name: "s-{user}", as: "EnvFrom" } });
    expect(parts(may)).toEqual([
      { kind: "envFrom", source: { secretRef: { name: "s-alice", optional: true } } },
    ]);
  });
});
