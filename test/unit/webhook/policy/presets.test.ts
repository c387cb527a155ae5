import { describe, expect, it } from "vitest";
import {
  alice,
  cluster,
  decide,
  mine,
  namespaced,
  namespaceUser,
  parts,
  pod,
  podOf,
  request,
  secret,
  secretsOf,
} from "#test/unit/webhook/policy/scene";
import type { Scene } from "#test/unit/webhook/policy/scene";
import { validatePolicy } from "#webhook/policy/validate";

const original: Scene = {
  ...mine,
  policies: [cluster({ preset: "Datalayer" })],
  secrets: [secret("openai", ["OPENAI_API_KEY"], secretsOf("alice"))],
};
const items = (wishes: Awaited<ReturnType<typeof decide>>) =>
  wishes.wishes.map(({ source }) => source.item);
const checkpoint = { "clouder.datalayer.io/checkpoint": "true" };

describe("the preset Datalayer", () => {
  it("M1, M3, N1: brings the user's Secrets and home by the original's names", async () => {
    const labels = { "runtime-pools.datalayer.io/user-handle": "Al.ice" };
    const wishes = await decide(original, request(podOf("alice", labels)));
    expect(parts(wishes)).toMatchObject([
      {
        kind: "env",
        env: {
          name: "OPENAI_API_KEY",
          valueFrom: { secretKeyRef: { name: "openai", key: "OPENAI_API_KEY" } },
        },
      },
      {
        kind: "volume",
        volume: { persistentVolumeClaim: { claimName: "shared-fs-pvc" } },
        mounts: [{ mountPath: "/home/jovyan/Al.ice", subPath: "home/users/alice" }],
      },
    ]);
    expect(wishes.warnings).toEqual([]);
    expect(new Set(wishes.wishes.map(({ conflict }) => conflict))).toEqual(new Set(["Keep"]));
  });

  it("M3: brings a stranger nothing", async () => {
    const wishes = await decide(original, request(podOf("bob")));
    expect(wishes.wishes).toEqual([]);
    expect(wishes.warnings).toHaveLength(1);
  });

  it("N1: brings the folders of the namespace's organization and team", async () => {
    const namespaceLabels = {
      "clouder.datalayer.io/organization": "acme",
      "clouder.datalayer.io/team": "blue",
    };
    const wishes = await decide({ ...original, namespaceLabels }, request(podOf("alice")));
    expect(parts(wishes).slice(1)).toMatchObject([
      { mounts: [{ mountPath: "/home/jovyan/alice", subPath: "home/users/alice" }] },
      { mounts: [{ mountPath: "/home/jovyan/acme", subPath: "home/organizations/acme" }] },
      { mounts: [{ mountPath: "/home/jovyan/blue", subPath: "home/teams/blue" }] },
    ]);
    const volumes = parts(wishes).flatMap((part) =>
      part.kind === "volume" ? [part.volume.name] : [],
    );
    expect(new Set(volumes).size).toBe(1);
  });

  it("every part can be left out", async () => {
    const without = ["secrets", "home", "organization-home", "team-home", "warm"];
    for (const [index, one] of without.entries()) {
      const policies = [cluster({ preset: "Datalayer", presetOptions: { without: [one] } })];
      const wishes = await decide({ ...original, policies }, request(podOf("alice")));
      expect(items(wishes)).toEqual(["secrets", "home"].filter((name) => name !== without[index]));
    }
    const none = cluster({ preset: "Datalayer", presetOptions: { without } });
    expect(
      (await decide({ ...original, policies: [none] }, request(podOf("alice")))).wishes,
    ).toEqual([]);
  });

  it("its own items come before the policy's", async () => {
    const policies = [
      cluster({ preset: "Datalayer", inject: [{ name: "z", env: [{ name: "A" }] }] }),
    ];
    expect(items(await decide({ ...original, policies }, request(podOf("alice"))))).toEqual([
      "secrets",
      "home",
      "z",
    ]);
  });
});

describe("warm pods", () => {
  const creator = { username: "system:serviceaccount:rt:operator", groups: [] };
  const trusted = { serviceAccounts: [{ namespace: "rt", name: "operator" }] };
  const policies = [namespaced({ preset: "Datalayer", user: { from: "PodLabel", trusted } })];
  const available = { "runtime-pools.datalayer.io/pod-status": "available" };
  const reserved = { ...available, "runtime-pools.datalayer.io/reservation-id": "r1" };

  it("get an optional Secret volume by the name of their reservation", async () => {
    const wishes = await decide({ policies }, request(pod({ labels: reserved }), creator));
    expect(parts(wishes)).toMatchObject([
      {
        kind: "volume",
        volume: { secret: { secretName: "runtime-user-r1", optional: true } },
        mounts: [{ mountPath: "/var/run/secrets/datalayer.io/user", readOnly: true }],
      },
    ]);
    const [part] = parts(wishes);
    expect(part?.kind === "volume" && "subPath" in part.mounts[0]!).toBe(false);
  });

  it("without a reservation go by their name", async () => {
    const wishes = await decide({ policies }, request(pod({ labels: available }), creator));
    expect(parts(wishes)).toMatchObject([
      { volume: { secret: { secretName: "runtime-user-a-pod" } } },
    ]);
  });

  it("F6: with neither, nothing is made up, and the creator is told", async () => {
    const nameless = pod({ labels: available, generateName: "w-", name: "" });
    const wishes = await decide({ policies }, request(nameless, creator));
    expect([wishes.wishes, wishes.warnings.length]).toEqual([[], 1]);
  });

  it("M3: nobody else can have the Secret of a reservation by naming it", async () => {
    const wishes = await decide({ policies }, request(pod({ labels: reserved }), alice));
    expect(wishes.wishes).toEqual([]);
    const bound = await decide(
      { policies, namespaceLabels: { [namespaceUser]: "alice" } },
      request(pod({ labels: reserved }), alice),
    );
    expect(bound.wishes).toHaveLength(1);
  });

  it("that are assigned get the user's own things instead", async () => {
    const assigned = podOf("alice", { "runtime-pools.datalayer.io/pod-status": "assigned" });
    expect(items(await decide({ policies }, request(assigned, creator)))).toEqual(["home"]);
  });
});

describe("the preset Checkpointable", () => {
  const policies = [cluster({ preset: "Checkpointable" })];

  it("makes pods fit that ask for it, and keeps what they have", async () => {
    const { wishes } = await decide({ policies }, request(pod({ labels: checkpoint })));
    expect(wishes.map(({ part }) => part)).toEqual([
      { kind: "runtimeClass", name: "clouder" },
      { kind: "seccomp", profile: { type: "RuntimeDefault" } },
      { kind: "env", env: { name: "UV_USE_IO_URING", value: "0" } },
    ]);
    expect(new Set(wishes.map(({ conflict }) => conflict))).toEqual(new Set(["Keep"]));
  });

  it.each([
    ["without the label", pod()],
    ["with another value", pod({ labels: { "clouder.datalayer.io/checkpoint": "false" } })],
    ["F15: of Windows", pod({ labels: checkpoint }, { os: { name: "windows" } })],
    [
      "F15: for Windows nodes",
      pod({ labels: checkpoint }, { nodeSelector: { "kubernetes.io/os": "windows" } }),
    ],
  ])("leaves pods %s alone", async (_what, of) => {
    const wishes = await decide({ policies }, request(of));
    expect([wishes.wishes, wishes.considered[0]?.matched]).toEqual([[], false]);
  });

  it("F15: pods with init containers, sidecars and hostNetwork are pods like others", async () => {
    const of = pod(
      { labels: checkpoint },
      {
        hostNetwork: true,
        initContainers: [{ name: "i" }, { name: "s", restartPolicy: "Always" }],
      },
    );
    const { wishes } = await decide({ policies }, request(of));
    expect(wishes.map(({ containers }) => containers)).toEqual([{}, {}, {}]);
  });

  it("each part can be switched off", async () => {
    const all = ["runtime-class", "seccomp", "io-uring"];
    for (const one of all) {
      const some = [cluster({ preset: "Checkpointable", presetOptions: { without: [one] } })];
      expect(items(await decide({ policies: some }, request(pod({ labels: checkpoint }))))).toEqual(
        all.filter((name) => name !== one),
      );
    }
  });
});

it("the presets' own items are valid", () => {
  for (const preset of ["Datalayer", "Checkpointable"] as const) {
    expect(validatePolicy(cluster({ preset }))).toEqual([]);
  }
});
