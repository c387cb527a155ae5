import { describe, expect, it } from "vitest";
import { clusterInjectionPolicies } from "#webhook/api/types";
import { policyStatus, type PolicyFacts } from "#webhook/controller/policy-status";
import { controllerSettings } from "#webhook/controller/settings";
import { homeItem, makePolicy, startController } from "#test/unit/webhook/controller/objects";

const nothing: PolicyFacts = { claims: 0, claimTroubles: [], overfull: new Map() };
const now = "2026-11-21T08:00:00.000Z";
const labelled = { name: "s", secret: { label: "example.com/owner", as: "Env" } } as const;

describe("the status of a policy", () => {
  it("is ready when it is valid, of the generation that was looked at", () => {
    const status = policyStatus(makePolicy([homeItem()]), nothing, now);
    expect(status.observedGeneration).toBe(3);
    expect(status.conditions?.map(({ type, status: is }) => `${type} ${is}`)).toEqual([
      "Ready True",
      "ClaimsReady True",
    ]);
  });

  it("names what is wrong with it", () => {
    const policy = makePolicy([{ ...homeItem(), secret: labelled.secret }]);
    const [ready] = policyStatus(policy, nothing, now).conditions ?? [];
    expect(ready).toMatchObject({ type: "Ready", status: "False", reason: "Invalid" });
    expect(ready?.message).toContain("spec.inject[0]");
  });

  it("says in which namespaces Secrets do not fit into the index", () => {
    const facts = { ...nothing, overfull: new Map([["runtimes", 7]]) };
    const { conditions } = policyStatus(makePolicy([labelled]), facts, now);
    expect(conditions?.find(({ type }) => type === "SecretsIndexed")).toMatchObject({
      status: "False",
      reason: "IndexFull",
      message: expect.stringContaining("7 in runtimes") as string,
    });
  });

  it("keeps the time of a condition that did not change, and drops conditions that say nothing any more", () => {
    const before = policyStatus(makePolicy([homeItem(), labelled]), nothing, now);
    const policy = { ...makePolicy([labelled]), status: before };
    const later = policyStatus(policy, nothing, "2027-01-01T00:00:00.000Z");
    expect(later.conditions?.map(({ type }) => type)).toEqual(["Ready", "SecretsIndexed"]);
    expect(later.conditions?.every((one) => one.lastTransitionTime === now)).toBe(true);
  });
});

it("writes a status once, and again when the policy has changed", async () => {
  await using lab = startController([makePolicy([homeItem()])]);
  const { kube } = lab;
  const ready = () =>
    kube
      .peek(clusterInjectionPolicies, { name: "runtimes" })
      ?.status?.conditions?.find(({ type }) => type === "Ready");
  await expect.poll(() => ready()?.status).toBe("True");
  await new Promise((resolve) => setTimeout(resolve, 400));
  const writes = () => kube.calls.filter(({ subresource }) => subresource === "status").length;
  expect(writes()).toBe(1);
  const broken = { spec: { inject: [{ name: "x" }] } };
  await kube.patch(clusterInjectionPolicies, { name: "runtimes" }, broken);
  await expect.poll(() => ready()?.status).toBe("False");
});

describe("the controller's settings", () => {
  it("has own certificates unless cert-manager makes them", () => {
    expect(controllerSettings({}).rotation?.servingLifeMs).toBe(30 * 24 * 3600_000);
    const settings = controllerSettings({ CLOUDER_CERTIFICATES: "cert-manager" });
    expect(settings.rotation).toBeUndefined();
    const quick = controllerSettings({ CLOUDER_PROPAGATION_SECONDS: "5" });
    expect(quick.rotation?.propagationMs).toBe(5000);
  });

  it.each([
    [{ CLOUDER_CERTIFICATES: "none" }, /CLOUDER_CERTIFICATES is "none"/],
    [{ CLOUDER_OVERLAP_SECONDS: "-1" }, /CLOUDER_OVERLAP_SECONDS is "-1"/],
    [{ CLOUDER_SERVING_HOURS: "99999" }, /CLOUDER_SERVING_HOURS is "99999"/],
  ])("refuses %j", (environment, message) => {
    expect(() => controllerSettings(environment)).toThrow(message);
  });
});
