import { describe, expect, it } from "vitest";
import { ClouderError } from "#core/error";
import { events, persistentVolumeClaims } from "#kube/resources";
import { injectionAnnotations, injectionLabels } from "#webhook/api/names";
import { clusterInjectionPolicies } from "#webhook/api/types";
import type { FakeKube } from "#test/fakes/kube";
import {
  createInjected,
  homeItem,
  makeClass,
  makeNamespace,
  makePod,
  makePolicy,
  reasonsOf,
  startController,
} from "#test/unit/webhook/controller/objects";

const base = (claim = {}) => [
  makeNamespace("runtimes"),
  makeClass("azure-nfs", "file.csi.azure.com"),
  makeClass("gp3", "ebs.csi.aws.com", true),
  makePolicy([homeItem(claim)]),
];
const claimOf = (kube: FakeKube, name = "home-alice") =>
  kube.peek(persistentVolumeClaims, { namespace: "runtimes", name });
const statusOf = (kube: FakeKube) =>
  kube.peek(clusterInjectionPolicies, { name: "runtimes" })?.status;
const conditionOf = (kube: FakeKube, type: string) =>
  statusOf(kube)?.conditions?.find((condition) => condition.type === type);
const creations = (kube: FakeKube) =>
  kube.calls.filter(({ verb, kind }) => verb === "create" && kind === "PersistentVolumeClaim");

it("N1: the home of an injected pod's user is made by the controller, with one event on the pod", async () => {
  await using lab = startController(base({ storageClassName: "azure-nfs" }));
  const { kube } = lab;
  const pod = await createInjected(kube, makePod("p1", "alice"));
  expect(pod.metadata.annotations?.[injectionAnnotations.user]).toBe("alice");
  await expect.poll(() => claimOf(kube)).toBeDefined();
  expect(claimOf(kube)).toMatchObject({
    metadata: {
      labels: { [injectionLabels.home]: "alice" },
      annotations: { "clouder.datalayer.io/policy": "ClusterInjectionPolicy/runtimes" },
    },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "azure-nfs",
      resources: { requests: { storage: "8Gi" } },
    },
  });
  expect(claimOf(kube)?.metadata.ownerReferences).toBeUndefined();
  await expect.poll(() => statusOf(kube)?.claims).toBe(1);
  expect(conditionOf(kube, "ClaimsReady")).toMatchObject({ status: "True" });
  expect(await reasonsOf(kube, "Pod")).toEqual(["ClaimMade"]);
});

it("N1: several pods of one user share one claim, and another user gets another one", async () => {
  await using lab = startController(base());
  const { kube } = lab;
  await Promise.all([
    createInjected(kube, makePod("p1", "alice")),
    createInjected(kube, makePod("p2", "alice")),
    createInjected(kube, makePod("p3", "bob")),
  ]);
  await expect.poll(() => claimOf(kube, "home-bob")).toBeDefined();
  await expect.poll(() => statusOf(kube)?.claims).toBe(2);
  expect(creations(kube).length).toBe(2);
});

it("makes a deleted claim again while a pod waits for it, and none for pods that run", async () => {
  await using lab = startController(base());
  const { kube } = lab;
  await createInjected(kube, makePod("p1", "alice"));
  await createInjected(kube, { ...makePod("p2", "bob"), status: { phase: "Running" } });
  await expect.poll(() => claimOf(kube)).toBeDefined();
  await kube.remove(persistentVolumeClaims, { namespace: "runtimes", name: "home-alice" });
  await expect.poll(() => claimOf(kube)).toBeDefined();
  expect(claimOf(kube, "home-bob")).toBeUndefined();
});

it("a claim to be deleted with its policy belongs to it, whose garbage it then is", async () => {
  await using lab = startController(base({ deletion: "Delete" }));
  const { kube } = lab;
  await createInjected(kube, makePod("p1", "alice"));
  await expect.poll(() => claimOf(kube)).toBeDefined();
  const { uid } = kube.peek(clusterInjectionPolicies, { name: "runtimes" })!.metadata;
  expect(claimOf(kube)?.metadata.ownerReferences).toEqual([
    expect.objectContaining({ kind: "ClusterInjectionPolicy", name: "runtimes", uid }),
  ]);
});

describe("a pod that the webhook did not inject for its user gets no claim", () => {
  it("nobody vouched for the label, so that the pod was left alone", async () => {
    await using lab = startController(base());
    const { kube } = lab;
    const pod = await createInjected(kube, makePod("p1", "alice"), "mallory");
    expect(pod.spec.volumes).toBeUndefined();
    await createInjected(kube, makePod("p2", "bob"));
    await expect.poll(() => claimOf(kube, "home-bob")).toBeDefined();
    expect(claimOf(kube)).toBeUndefined();
  });

  it("the mark is not there, or names another item, or the label says somebody else", async () => {
    await using lab = startController(base());
    const { kube } = lab;
    const volumes = [{ name: "home", persistentVolumeClaim: { claimName: "home-alice" } }];
    const marks = (injected: string, user: string) => ({
      [injectionAnnotations.injected]: injected,
      [injectionAnnotations.user]: user,
    });
    const item = "ClusterInjectionPolicy/runtimes/home";
    const forged = [{}, marks("ClusterInjectionPolicy/other/home", "alice"), marks(item, "bob")];
    for (const [index, annotations] of forged.entries()) {
      const pod = makePod(`f${String(index)}`, "alice");
      kube.seed({
        ...pod,
        metadata: { ...pod.metadata, annotations },
        spec: { ...pod.spec, volumes },
      } as never);
    }
    await createInjected(kube, makePod("p2", "carol"));
    await expect.poll(() => claimOf(kube, "home-carol")).toBeDefined();
    expect(creations(kube).map(({ name }) => name)).toEqual(["home-carol"]);
  });

  it("the pod asks for a claim no policy wishes for", async () => {
    await using lab = startController(base());
    const { kube } = lab;
    const pod = await createInjected(kube, makePod("p1", "alice"));
    await expect.poll(() => claimOf(kube)).toBeDefined();
    const volumes = [{ name: "x", persistentVolumeClaim: { claimName: "home-bob" } }];
    const metadata = { ...pod.metadata, name: "p2" };
    kube.seed({ ...pod, metadata, spec: { ...pod.spec, volumes } } as never);
    await createInjected(kube, makePod("p3", "carol"));
    await expect.poll(() => claimOf(kube, "home-carol")).toBeDefined();
    expect(claimOf(kube, "home-bob")).toBeUndefined();
  });
});

describe("what stands in a claim's way is told by an event on the pod, one on the policy, and a condition", () => {
  const expectTrouble = async (kube: FakeKube, reason: string, message: RegExp) => {
    await expect.poll(() => conditionOf(kube, "ClaimsReady")?.reason).toBe(reason);
    expect(conditionOf(kube, "ClaimsReady")).toMatchObject({ status: "False" });
    expect(conditionOf(kube, "ClaimsReady")?.message).toMatch(message);
    expect(await reasonsOf(kube, "Pod")).toEqual([reason]);
    expect(await reasonsOf(kube, "ClusterInjectionPolicy")).toEqual([reason]);
  };

  it("N4: a StorageClass that does not exist", async () => {
    await using lab = startController(base({ storageClassName: "aws-efs" }));
    await createInjected(lab.kube, makePod("p1", "alice"));
    await expectTrouble(lab.kube, "StorageClassMissing", /aws-efs.*there is azure-nfs, gp3/);
    expect(claimOf(lab.kube)).toBeUndefined();
  });

  it("N4: no class named where none is the default", async () => {
    const seeds = base().filter(({ kind }) => kind !== "StorageClass");
    await using lab = startController([...seeds, makeClass("gp3", "ebs.csi.aws.com")]);
    await createInjected(lab.kube, makePod("p1", "alice"));
    await expectTrouble(lab.kube, "StorageClassMissing", /no default one/);
  });

  it("N4: ReadWriteMany of a class that gives disks, whatever the class is called", async () => {
    const claim = { storageClassName: "fast", accessModes: ["ReadWriteMany"] };
    await using lab = startController([...base(claim), makeClass("fast", "disk.csi.azure.com")]);
    await createInjected(lab.kube, makePod("p1", "alice"));
    await expectTrouble(lab.kube, "AccessModeUnsupported", /disk\.csi\.azure\.com.*azure-nfs/);
    expect(creations(lab.kube)).toEqual([]);
  });

  it("a claim that exists with other access modes", async () => {
    const claim = { storageClassName: "azure-nfs", accessModes: ["ReadWriteMany"] };
    await using lab = startController([
      ...base(claim),
      existing({ [injectionLabels.home]: "alice" }),
    ]);
    await createInjected(lab.kube, makePod("p1", "alice"));
    await expectTrouble(lab.kube, "AccessModeUnsupported", /ReadWriteOnce.*ReadWriteMany/);
  });

  it("a claim that is another user's, or nobody's", async () => {
    await using lab = startController([...base(), existing({ [injectionLabels.home]: "bob" })]);
    await createInjected(lab.kube, makePod("p1", "alice"));
    await expectTrouble(lab.kube, "ClaimOfAnotherUser", /home of bob, not of alice/);
    await using other = startController([...base(), existing({})]);
    await createInjected(other.kube, makePod("p1", "alice"));
    await expectTrouble(other.kube, "ClaimOfNobody", /label it/);
  });

  it("an exceeded quota; once there is room the claim is made and the condition says so", async () => {
    await using lab = startController(base());
    const { kube } = lab;
    let full = true;
    kube.intercept = ({ verb, kind }) => {
      if (full && verb === "create" && kind === "PersistentVolumeClaim") {
        throw new ClouderError("denied", 'forbidden: exceeded quota: homes, requested: "8Gi"');
      }
    };
    await createInjected(kube, makePod("p1", "alice"));
    await expectTrouble(kube, "QuotaExceeded", /exceeded quota: homes/);
    await createInjected(kube, makePod("p2", "alice"));
    await expect.poll(() => reasonsOf(kube, "Pod")).toHaveLength(2);
    expect(creations(kube).length, "tried again later, not for each pod").toBe(1);
    full = false;
    await expect.poll(() => claimOf(kube), { timeout: 8000 }).toBeDefined();
    await expect.poll(() => conditionOf(kube, "ClaimsReady")?.status).toBe("True");
    expect((await kube.list(events)).every(({ message }) => !message.includes("undefined"))).toBe(
      true,
    );
  });
});

function existing(labels: Record<string, string>) {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { namespace: "runtimes", name: "home-alice", labels },
    spec: { accessModes: ["ReadWriteOnce"], volumeName: "v1" },
  } as never;
}
