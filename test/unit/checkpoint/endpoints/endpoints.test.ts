import { describe, expect, it } from "vitest";
import { containerEndpoints, endpointAccount } from "#checkpoint/api/endpoint";
import { beat, keepBeating } from "#checkpoint/endpoints/heartbeat";
import { listEndpoints } from "#checkpoint/endpoints/look";
import { registerEndpoint } from "#checkpoint/endpoints/register";
import { judgeEndpoints } from "#checkpoint/controller/endpoints";
import { ClouderError } from "#core/error";
import type { KubeObject } from "#kube/kube";
import { leases, roles, serviceAccounts } from "#kube/resources";
import { createFakeKube } from "#test/fakes/kube";
import { createManualClock } from "#test/fakes/manual-clock";
import {
  capabilities,
  makeEndpoint,
  makeLease,
  now,
} from "#test/unit/checkpoint/endpoints/endpoint";

const rootCa = {
  ...{ apiVersion: "v1", kind: "ConfigMap" },
  metadata: { name: "kube-root-ca.crt", namespace: "team" },
  data: { "ca.crt": "CA" },
} as KubeObject;
const wanted = { name: "lab", namespace: "team", spec: makeEndpoint().spec, tokenSeconds: 3600 };
const place = { namespace: "team", name: "lab" };
const own = { namespace: "team", name: endpointAccount("lab") };

function cluster() {
  const kube = createFakeKube([rootCa]);
  const asked: string[] = [];
  kube.answerRaw = (_method, path, body) => {
    asked.push(`${path} ${body ?? ""}`);
    const answer = { token: "tok", expirationTimestamp: "2026-11-21T13:00:00Z" };
    return { status: 201, body: JSON.stringify({ status: answer }) };
  };
  return { kube, asked };
}

describe("O1 registering an endpoint", () => {
  it("O1 gives it an identity that may renew its own Lease, read its own object and nothing else", async () => {
    const { kube, asked } = cluster();
    const { endpoint, kubeconfig } = await registerEndpoint(wanted, kube);
    const owner = [{ kind: "ContainerEndpoint", name: "lab", uid: endpoint.metadata.uid }];
    expect(kube.peek(roles, own)).toMatchObject({
      metadata: { ownerReferences: owner },
      rules: [
        { resources: ["leases"], resourceNames: ["endpoint-lab"], verbs: ["get", "patch"] },
        { resources: ["containerendpoints"], resourceNames: ["lab"], verbs: ["get"] },
      ],
    });
    expect(kube.peek(serviceAccounts, own)).toMatchObject({
      ...{ automountServiceAccountToken: false, metadata: { ownerReferences: owner } },
    });
    expect(asked[0]).toContain("/serviceaccounts/endpoint-lab/token");
    expect(asked[0]).toContain('"expirationSeconds":3600');
    expect(JSON.parse(kubeconfig)).toMatchObject({
      clusters: [{ cluster: { server: kube.server, "certificate-authority-data": "Q0E=" } }],
      users: [{ user: { token: "tok" } }],
      contexts: [{ context: { namespace: "team" } }],
    });
  });

  it("O1 again keeps what was heard, and changes the spec", async () => {
    const { kube } = cluster();
    await registerEndpoint(wanted, kube);
    await beat({ ...place, capabilities }, kube, now);
    await registerEndpoint({ ...wanted, spec: { ...wanted.spec, url: "https://b.example" } }, kube);
    expect(kube.peek(containerEndpoints, place)?.spec.url).toBe("https://b.example");
    expect(kube.peek(leases, own)?.spec.renewTime).toBe("2026-11-21T12:00:00.000000Z");
  });

  it("O1 says which right it takes to give it a token", async () => {
    const { kube } = cluster();
    kube.answerRaw = () => ({ status: 403, body: "" });
    await expect(registerEndpoint(wanted, kube)).rejects.toMatchObject({
      code: "denied",
      hint: expect.stringContaining("serviceaccounts/token") as string,
    });
  });
});

describe("O1 heartbeats", () => {
  it("O1 make it ready for its class, and trouble takes it out", async () => {
    const { kube } = cluster();
    await registerEndpoint(wanted, kube);
    const resolve = () => Promise.resolve([]);
    const found = () => listEndpoints(kube, { namespace: "team", workloadClass: "notebook" });
    expect(await found()).toEqual([]);
    await beat({ ...place, capabilities }, kube, now);
    await judgeEndpoints(kube, now, resolve);
    expect(await found()).toMatchObject([{ heard: now }]);
    expect(await listEndpoints(kube, { namespace: "team", workloadClass: "batch" })).toEqual([]);
    await beat({ ...place, capabilities, trouble: "disk is full" }, kube, now);
    await judgeEndpoints(kube, now, resolve);
    expect(await found()).toEqual([]);
    await beat({ ...place, capabilities }, kube, now);
    await judgeEndpoints(kube, now, resolve);
    expect(await found()).toHaveLength(1);
  });

  it("O1 come as often as the object says, over an API server that fails for a while", async () => {
    const kube = createFakeKube([makeEndpoint(), makeLease(500)]);
    const clock = createManualClock(now);
    const stop = new AbortController();
    const notes: string[] = [];
    let failing = false;
    kube.intercept = ({ verb }) => {
      if (failing && verb === "patch") {
        throw new ClouderError("unreachable", "nobody answers", { retryable: true });
      }
    };
    const report = (event: { readonly type: string; readonly message?: string }) => {
      notes.push(event.message ?? "");
    };
    const surroundings = { clock, report, signal: stop.signal };
    const ended = keepBeating({ ...place, capabilities }, kube, surroundings);
    const heard = () => Date.parse(kube.peek(leases, own)?.spec.renewTime ?? "") - now;
    await clock.advance(0);
    expect(heard()).toBe(0);
    failing = true;
    await clock.advance(30_000);
    expect(notes).toEqual(["nobody answers"]);
    failing = false;
    await clock.advance(30_000);
    expect(heard()).toBe(60_000);
    stop.abort();
    await ended;
  });

  it("O1 end when the token has ended", async () => {
    const kube = createFakeKube([makeEndpoint(), makeLease(1)]);
    kube.intercept = ({ verb }) => {
      if (verb === "patch") throw new ClouderError("unauthenticated", "the token has expired");
    };
    const clock = createManualClock(now);
    const surroundings = { clock, report: () => undefined, signal: new AbortController().signal };
    await expect(keepBeating({ ...place, capabilities }, kube, surroundings)).rejects.toMatchObject(
      { code: "unauthenticated" },
    );
  });

  it("O1 with capabilities of no known form are refused here already", async () => {
    const { kube } = cluster();
    const odd = { ...capabilities, cpu: "many" };
    await expect(beat({ ...place, capabilities: odd }, kube, now)).rejects.toMatchObject({
      code: "usage",
    });
  });
});
