import { describe, expect, it } from "vitest";
import {
  capabilitiesAnnotation,
  containerEndpoints,
  troubleAnnotation,
} from "#checkpoint/api/endpoint";
import { endpointStatus, judgeEndpoints } from "#checkpoint/controller/endpoints";
import { createFakeKube } from "#test/fakes/kube";
import {
  capabilities,
  makeEndpoint,
  makeLease,
  now,
} from "#test/unit/checkpoint/endpoints/endpoint";

const nowhere = () => Promise.reject(new Error("ENOTFOUND"));
const status = (lease = makeLease(10), endpoint = makeEndpoint(), addresses: string[] = []) =>
  endpointStatus(endpoint, lease, { now, addresses });

describe("O1 an endpoint is judged by what is heard of it:", () => {
  it("O1 heard in time it is ready, for its classes, with its capabilities", () => {
    expect(status()).toMatchObject({
      ...{ capabilities, availableFor: ["notebook"] },
      conditions: [{ type: "Ready", status: "True", reason: "Heard" }],
    });
  });

  it.each([
    ["never heard", undefined, "NeverHeard"],
    ["silent for more than three heartbeats", makeLease(91), "Silent"],
    ["with a clock that is ahead", makeLease(-61), "ClockAhead"],
    [
      "that says it is not well",
      makeLease(1, { [troubleAnnotation]: "disk is full" }),
      "Unhealthy",
    ],
    ["that says nothing", makeLease(1, { [capabilitiesAnnotation]: "{}" }), "NoCapabilities"],
  ])("O1 one %s is not, and takes nothing", (_what, lease, reason) => {
    const judged = endpointStatus(makeEndpoint(), lease, { now, addresses: [] });
    expect(judged).toMatchObject({ availableFor: [], conditions: [{ status: "False", reason }] });
  });

  it("O1 three heartbeats late is not too late", () => {
    expect(status(makeLease(89)).availableFor).toEqual(["notebook"]);
  });

  const lan = makeEndpoint({ allowedCIDRs: ["203.0.113.0/24", "2001:db8::/32"] });
  it.each([
    [["203.0.113.9"], "Heard"],
    [["2001:db8::1", "203.0.113.9"], "Heard"],
    [["203.0.113.9", "10.0.0.1"], "OutsideNetwork"],
    [[], "OutsideNetwork"],
  ])("O1 a URL that leads to %j: %s", (addresses, reason) => {
    expect(status(makeLease(1), lan, addresses).conditions?.[0]?.reason).toBe(reason);
  });

  it("O1 capabilities of another form are not taken over", () => {
    const claims = [
      '{"cpu":"8; rm","memory":"1Gi","gpus":0,"type":"x","labels":{}}',
      '{"cpu":"8","memory":"1Gi","gpus":-1,"type":"x","labels":{}}',
      '{"cpu":"8","memory":"1Gi","gpus":0,"type":"x","labels":{"a b":"c"}}',
      "null",
      "x".repeat(9000),
    ];
    for (const claim of claims) {
      const judged = status(makeLease(1, { [capabilitiesAnnotation]: claim }));
      expect(judged.capabilities, claim).toBeUndefined();
      expect(judged.conditions?.[0]?.reason).toBe("NoCapabilities");
    }
  });
});

it("O1 the judgement is written once, and again only when something else is to be said", async () => {
  const kube = createFakeKube([makeEndpoint(), makeLease(10)]);
  const patches = () => kube.calls.filter(({ verb }) => verb === "patch").length;
  await judgeEndpoints(kube, now, nowhere);
  await judgeEndpoints(kube, now + 1000, nowhere);
  expect(patches()).toBe(1);
  await judgeEndpoints(kube, now + 100_000, nowhere);
  expect(patches()).toBe(2);
  const place = { namespace: "team", name: "lab" };
  expect(kube.peek(containerEndpoints, place)?.status).toMatchObject({
    availableFor: [],
    conditions: [{ reason: "Silent" }],
  });
});

it("O1 what an endpoint claims no longer goes", async () => {
  const kube = createFakeKube([makeEndpoint(), makeLease(10)]);
  await judgeEndpoints(kube, now, nowhere);
  const fewer = { ...capabilities, labels: { zone: "office" } };
  kube.seed(makeLease(10, { [capabilitiesAnnotation]: JSON.stringify(fewer) }));
  await judgeEndpoints(kube, now, nowhere);
  const place = { namespace: "team", name: "lab" };
  expect(kube.peek(containerEndpoints, place)?.status?.capabilities).toEqual(fewer);
});

it("O1 a name is asked for its addresses only where networks are named", async () => {
  const asked: string[] = [];
  const resolve = (host: string) => {
    asked.push(host);
    return Promise.resolve(["203.0.113.9"]);
  };
  await judgeEndpoints(createFakeKube([makeEndpoint(), makeLease(1)]), now, resolve);
  expect(asked).toEqual([]);
  const named = makeEndpoint({ allowedCIDRs: ["203.0.113.0/24"] });
  await judgeEndpoints(createFakeKube([named, makeLease(1)]), now, resolve);
  expect(asked).toEqual(["lab.example"]);
});
