import { describe, expect, it } from "vitest";
import { ClouderError } from "#core/error";
import type { UserIdentity } from "#webhook/api/types";
import { identify } from "#webhook/policy/identity";
import { withKnown } from "#webhook/policy/known";
import type { Creator, InjectionWorld, PodRequest } from "#webhook/policy/request";
import {
  alice,
  namespaceUser,
  pod,
  podOf,
  replicaSets,
  request,
  userLabel,
  world,
} from "#test/unit/webhook/policy/scene";
import type { Scene } from "#test/unit/webhook/policy/scene";

const fromLabel: UserIdentity = { from: "PodLabel" };
const hub: Creator = {
  username: "system:serviceaccount:hub:jupyterhub",
  groups: ["system:serviceaccounts", "system:serviceaccounts:hub", "system:authenticated"],
};
const trusting = (trusted: UserIdentity["trusted"] & object): UserIdentity => ({
  from: "PodLabel",
  subjectAccessReview: false,
  trusted,
});
const owned = (user: string, controller: boolean) => ({
  ...podOf(user),
  metadata: {
    ...podOf(user).metadata,
    ownerReferences: [{ apiVersion: "x/v1", kind: "Pool", name: "p", uid: "1", controller }],
  },
});

function find(identity: UserIdentity, of = request(), scene: Scene = {}) {
  return findIn(world(scene), identity, of, scene.namespaceLabels);
}

async function findIn(
  within: InjectionWorld,
  identity: UserIdentity,
  of: PodRequest,
  labels: Scene["namespaceLabels"] = {},
) {
  return withKnown(within, (known) => identify(identity, of, known, labels));
}

describe("M3: the uid label is a claim", () => {
  it("a forged label is doubted, and the reason says what right is missing", async () => {
    const found = await find(fromLabel, request(podOf("bob")));
    expect(found).toEqual({
      kind: "doubted",
      reason: 'alice may not "use" injectionusers/bob in work',
    });
  });

  it("is believed of a creator who may use that user, and of no other user", async () => {
    const scene = { allowed: ["alice/alice"] };
    expect(await find(fromLabel, request(podOf("alice")), scene)).toEqual({
      kind: "believed",
      user: "alice",
    });
    expect((await find(fromLabel, request(podOf("bob")), scene)).kind).toBe("doubted");
  });

  it("no review is asked for when it is switched off", async () => {
    const asking = world({ allowed: ["alice/alice"] });
    const identity = { ...fromLabel, subjectAccessReview: false };
    const found = await findIn(asking, identity, request(podOf("alice")));
    expect([found.kind, asking.asked]).toEqual(["doubted", []]);
  });

  it("a review that fails counts as none", async () => {
    const failing = {
      ...world(),
      mayUse: () => Promise.reject(new ClouderError("unreachable", "no answer")),
    };
    expect(await findIn(failing, fromLabel, request(podOf("alice")))).toEqual({
      kind: "doubted",
      reason: "the right to injectionusers/alice is unknown: no answer",
    });
  });

  it.each<[string, Creator, UserIdentity["trusted"] & object, boolean]>([
    [
      "a trusted ServiceAccount",
      hub,
      { serviceAccounts: [{ namespace: "hub", name: "jupyterhub" }] },
      true,
    ],
    [
      "its namesake elsewhere",
      hub,
      { serviceAccounts: [{ namespace: "evil", name: "jupyterhub" }] },
      false,
    ],
    ["a member of a trusted group", { ...alice, groups: ["hubs"] }, { groups: ["hubs"] }, true],
    ["a member of no trusted group", alice, { groups: ["hubs"] }, false],
    ["nobody, when nobody is trusted", hub, {}, false],
  ])("%s: trusted as the policy says", async (_who, creator, trusted, believed) => {
    const found = await find(trusting(trusted), request(podOf("bob"), creator));
    expect(found.kind).toBe(believed ? "believed" : "doubted");
  });

  it.each(["../bob", "Bob", "a_b", "a.b", "-a", "a".repeat(64), "a/b"])(
    "a uid such as %j is no safe name and never believed",
    async (uid) => {
      const everything = { serviceAccounts: [{ namespace: "hub", name: "jupyterhub" }] };
      const found = await find(trusting(everything), request(podOf(uid), hub));
      expect(found.kind).toBe("doubted");
    },
  );

  it("a pod without the label has no user, nor has one with an empty label", async () => {
    expect((await find(fromLabel, request(pod()))).kind).toBe("none");
    expect((await find(fromLabel, request(podOf("")))).kind).toBe("none");
  });

  it("another key may hold it", async () => {
    const labelled = pod({ labels: { "hub/user": "alice", [userLabel]: "bob" } });
    const scene = { allowed: ["alice/alice"] };
    expect(await find({ ...fromLabel, key: "hub/user" }, request(labelled), scene)).toEqual({
      kind: "believed",
      user: "alice",
    });
  });
});

describe("pods that controllers made", () => {
  it.each([
    ["a Deployment's", podOf("alice"), replicaSets],
    [
      "a Job's",
      podOf("alice"),
      { ...replicaSets, username: "system:serviceaccount:kube-system:job-controller" },
    ],
    [
      "a StatefulSet's",
      podOf("alice"),
      { ...replicaSets, username: "system:serviceaccount:kube-system:statefulset-controller" },
    ],
    [
      "the one of a manager without accounts",
      podOf("alice"),
      { username: "system:kube-controller-manager", groups: [] },
    ],
    ["another controller's", owned("alice", true), hub],
  ] as const)(
    "%s claim is not believed, whatever the controller may do",
    async (_who, made, creator) => {
      const asking = world({ allowed: [`${creator.username}/alice`] });
      const identity = { ...fromLabel, trusted: { groups: [...creator.groups, "x"] } };
      const found = await findIn(asking, identity, request(made, creator));
      expect(found.kind).toBe("doubted");
      expect(asking.asked).toEqual([]);
    },
  );

  it("are covered by the namespace's binding", async () => {
    const scene = { namespaceLabels: { [namespaceUser]: "alice" } };
    for (const from of ["PodLabel", "Namespace"] as const) {
      const found = await find({ from }, request(podOf("alice"), replicaSets), scene);
      expect(found).toEqual({ kind: "believed", user: "alice" });
    }
  });

  it("are covered by the ServiceAccount they run as", async () => {
    const runsAs = pod({}, { serviceAccountName: "alice-sa" });
    const scene = { accounts: { "alice-sa": { [namespaceUser]: "alice" } } };
    expect(await find({ from: "ServiceAccount" }, request(runsAs, replicaSets), scene)).toEqual({
      kind: "believed",
      user: "alice",
    });
  });

  it("are believed when the controller itself is trusted by name", async () => {
    const trusted = {
      serviceAccounts: [{ namespace: "kube-system", name: "replicaset-controller" }],
    };
    expect((await find(trusting(trusted), request(podOf("bob"), replicaSets))).kind).toBe(
      "believed",
    );
  });

  it("an owner that does not control a pod says nothing about who made it", async () => {
    const scene = { allowed: [`${hub.username}/alice`] };
    expect((await find(fromLabel, request(owned("alice", false), hub), scene)).kind).toBe(
      "believed",
    );
  });
});

describe("a namespace that belongs to a user", () => {
  const scene = { namespaceLabels: { [namespaceUser]: "alice" }, allowed: ["alice/bob"] };

  it.each<UserIdentity>([
    fromLabel,
    { from: "Namespace" },
    { from: "ServiceAccount" },
    trusting({ groups: ["system:masters"] }),
  ])("contradicts a label of somebody else, whoever vouches for it (%j)", async (identity) => {
    const creator = { username: "alice", groups: ["system:masters"] };
    const found = await find(identity, request(podOf("bob"), creator), scene);
    expect(found.kind).toBe("contradicted");
  });

  it("contradicts a ServiceAccount of somebody else", async () => {
    const accounts = { default: { [namespaceUser]: "bob" } };
    const found = await find({ from: "ServiceAccount" }, request(), { ...scene, accounts });
    expect(found.kind).toBe("contradicted");
  });

  it("contradicts another key that the policy reads", async () => {
    const labelled = pod({ labels: { "hub/user": "bob" } });
    const found = await find({ from: "PodLabel", key: "hub/user" }, request(labelled), scene);
    expect(found.kind).toBe("contradicted");
  });

  it("believes a label that agrees, without asking anybody", async () => {
    const asking = world(scene);
    const of = request(podOf("alice"), replicaSets);
    const found = await findIn(asking, fromLabel, of, scene.namespaceLabels);
    expect([found, asking.asked]).toEqual([{ kind: "believed", user: "alice" }, []]);
  });
});

describe("the user of a ServiceAccount", () => {
  const scene = { accounts: { default: { [namespaceUser]: "alice", team: "blue" } } };

  it("is the default one's where the pod names none", async () => {
    const found = await find({ from: "ServiceAccount" }, request(), scene);
    expect(found).toEqual({ kind: "believed", user: "alice" });
  });

  it("may be under another key", async () => {
    const found = await find({ from: "ServiceAccount", key: "team" }, request(), scene);
    expect(found).toEqual({ kind: "believed", user: "blue" });
  });

  it("is doubted when the pod's label says another", async () => {
    expect((await find({ from: "ServiceAccount" }, request(podOf("bob")), scene)).kind).toBe(
      "doubted",
    );
  });

  it("is none where the label is missing", async () => {
    const found = await find({ from: "ServiceAccount" }, request(), {});
    expect(found).toEqual({
      kind: "none",
      reason: "no user: the ServiceAccount's label clouder.datalayer.io/user is not set",
    });
  });
});
