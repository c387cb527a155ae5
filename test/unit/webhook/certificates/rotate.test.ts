import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ClouderError } from "#core/error";
import { mutatingWebhookConfigurations, secrets } from "#kube/resources";
import { caSecretName, servingSecretName, webhookName } from "#webhook/api/names";
import { defaultRotation } from "#webhook/certificates/plan-rotation";
import { requestRotation } from "#webhook/certificates/rotate";
import { authorityName, servingName } from "#webhook/certificates/state";
import {
  authority,
  configuration,
  count,
  handshake,
  isTrusted,
  rotationLab,
  serviceHost,
  trust,
  type Trust,
} from "#test/unit/webhook/certificates/rotating";

const { propagationMs, overlapMs } = defaultRotation;

describe("a first start", () => {
  it("makes an authority, publishes it in every webhook and then serves a certificate of it", async () => {
    const { kube, rotate } = rotationLab();
    await rotate();
    const writes = kube.calls.filter(({ verb }) => !["get", "list", "watch"].includes(verb));
    expect(writes.map(({ verb, kind, name }) => `${verb} ${kind} ${name ?? ""}`)).toEqual([
      `create Secret ${caSecretName}`,
      `replace MutatingWebhookConfiguration ${webhookName}`,
      `patch Secret ${caSecretName}`,
      `create Secret ${servingSecretName}`,
    ]);
    const found = kube.peek(mutatingWebhookConfigurations, { name: webhookName });
    const bundles = new Set(found?.webhooks?.map(({ clientConfig }) => clientConfig.caBundle));
    expect(bundles.size).toBe(1);
    expect(kube.peek(secrets, authorityName)?.type).toBe("kubernetes.io/tls");
    expect(kube.peek(secrets, servingName)?.type).toBe("kubernetes.io/tls");
    expect(await handshake(trust(kube))).toBeUndefined();
  });

  it("needs no webhook configuration, and publishes as soon as there is one", async () => {
    const { kube, rotate, clock } = rotationLab();
    await kube.remove(mutatingWebhookConfigurations, { name: webhookName });
    await rotate();
    const { certificate } = trust(kube);
    expect(certificate).not.toBe("");
    kube.seed(configuration());
    await clock.advance(1000);
    await rotate();
    expect(trust(kube).certificate).toBe(certificate);
    expect(await handshake(trust(kube))).toBeUndefined();
  });

  it("does nothing the second time but rest", async () => {
    const { kube, rotate, clock } = rotationLab();
    await rotate();
    const before = trust(kube);
    const calls = kube.calls.length;
    const until = await rotate();
    expect(until - clock.now()).toBeGreaterThan(19 * 24 * 3600_000);
    expect(trust(kube)).toEqual(before);
    expect(kube.calls.slice(calls).every(({ verb }) => verb === "get")).toBe(true);
  });
});

it("F24: the certificate holds the Service's names as SANs, for servers only, and no other name passes", async () => {
  const { kube, rotate } = rotationLab();
  await rotate();
  const now = trust(kube);
  expect(await handshake(now, serviceHost)).toBeUndefined();
  expect(await handshake(now, `${serviceHost}.cluster.local`)).toBeUndefined();
  expect(await handshake(now, "clouder-webhook.other.svc")).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  const leaf = new X509Certificate(now.certificate);
  expect(leaf.subjectAltName).toBe(`DNS:${serviceHost}, DNS:${serviceHost}.cluster.local`);
  expect(leaf.ca).toBe(false);
  expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  expect(leaf.checkHost(serviceHost, { subject: "never" })).toBe(serviceHost);
});

it("F3: in a rotation every API server, up to date or a minute behind, trusts every replica, served anew or not yet", async () => {
  const { kube, rotate, clock } = rotationLab();
  await rotate();
  const first = authority(kube)?.fingerprint256;
  await clock.advance(1000);
  await requestRotation(kube, clock.now());
  const seen: { readonly at: number; readonly state: Trust }[] = [
    { at: clock.now() - propagationMs, state: trust(kube) },
  ];
  const phases = new Set<string>();
  for (let second = 0; second <= (propagationMs + overlapMs) / 1000 + 60; second += 15) {
    await rotate();
    const state = trust(kube);
    phases.add(`${String(count(state.bundle))} ${state.certificate}`);
    const last = seen.at(-1)?.state;
    if (last?.bundle !== state.bundle || last.certificate !== state.certificate) {
      seen.push({ at: clock.now(), state });
    }
    // API servers may not have seen the last minute's bundles, replicas not the last certificate.
    const mayBe = seen.filter(({ at }, index) => {
      const replacedAt = seen[index + 1]?.at ?? Infinity;
      return at <= clock.now() && replacedAt > clock.now() - propagationMs;
    });
    for (const { state: server } of mayBe) {
      for (const { state: replica } of mayBe) {
        const pair = { ...replica, bundle: server.bundle };
        expect(await handshake(pair)).toBeUndefined();
      }
    }
    await clock.advance(15_000);
  }
  expect(authority(kube)?.fingerprint256).not.toBe(first);
  // Both with the old certificate, both with the new one, the new one alone.
  expect(phases.size).toBe(3);
  expect(count(trust(kube).bundle)).toBe(1);
  expect(await handshake(trust(kube))).toBeUndefined();
});

it("F3: what the old authority signed is refused once it was dropped", async () => {
  const { kube, rotate, clock } = rotationLab();
  await rotate();
  const old = trust(kube);
  await requestRotation(kube, clock.now());
  for (let step = 0; step < 5; step += 1) await clock.advance((await rotate()) - clock.now());
  expect(await handshake({ ...old, bundle: trust(kube).bundle })).toBeDefined();
  const again = authority(kube)?.fingerprint256;
  await clock.advance(24 * 3600_000);
  await rotate();
  expect(authority(kube)?.fingerprint256, "one request, one rotation").toBe(again);
});

it("F3: over three years by the clock certificates are renewed with a third of their life left and never untrusted", async () => {
  const { kube, rotate, clock } = rotationLab();
  const end = clock.now() + 3 * 365 * 24 * 3600_000;
  const authorities = new Set<string>();
  const certificates = new Set<string>();
  while (clock.now() < end) {
    const until = await rotate();
    const state = trust(kube);
    authorities.add(authority(kube)?.fingerprint256 ?? "");
    certificates.add(state.certificate);
    expect(isTrusted(state, clock.now())).toBe(true);
    expect(isTrusted(state, Math.min(until, clock.now() + 9 * 24 * 3600_000))).toBe(true);
    await clock.advance(Math.max(1000, until - clock.now()));
  }
  expect(authorities.size).toBe(5);
  expect(certificates.size).toBeGreaterThanOrEqual(54);
  expect(certificates.size).toBeLessThanOrEqual(64);
});

describe("F3: whatever is taken away or overwritten is repaired", () => {
  it("a caBundle that somebody emptied, in one of the webhooks only", async () => {
    const { kube, rotate } = rotationLab();
    await rotate();
    const before = trust(kube);
    const found = kube.peek(mutatingWebhookConfigurations, { name: webhookName })!;
    const [first, second] = found.webhooks!;
    await kube.replace(mutatingWebhookConfigurations, {
      ...found,
      webhooks: [first!, { ...second!, clientConfig: { ...second!.clientConfig, caBundle: "" } }],
    });
    await rotate();
    const after = kube.peek(mutatingWebhookConfigurations, { name: webhookName })!;
    expect(after.webhooks![1]!.clientConfig.caBundle).toBe(
      after.webhooks![0]!.clientConfig.caBundle,
    );
    expect(after.webhooks![1]!.clientConfig["service"]).toBeDefined();
    expect(trust(kube)).toEqual(before);
  });

  it("a deleted serving certificate, by the same authority", async () => {
    const { kube, rotate } = rotationLab();
    await rotate();
    const before = authority(kube)?.fingerprint256;
    await kube.remove(secrets, servingName);
    await rotate();
    expect(authority(kube)?.fingerprint256).toBe(before);
    expect(await handshake(trust(kube))).toBeUndefined();
  });

  it("a serving certificate whose key is another one's", async () => {
    const { kube, rotate } = rotationLab();
    await rotate();
    const other = rotationLab();
    await other.rotate();
    const wrong = other.kube.peek(secrets, servingName)!.data!["tls.key"]!;
    await kube.patch(secrets, servingName, { data: { "tls.key": wrong } });
    await rotate();
    expect(await handshake(trust(kube))).toBeUndefined();
  });

  it("a deleted authority: the old one stays trusted until what it signed is out of use", async () => {
    const { kube, rotate, clock } = rotationLab();
    await rotate();
    const old = trust(kube);
    await clock.advance(1000);
    await kube.remove(secrets, authorityName);
    await rotate();
    expect(trust(kube).certificate).toBe(old.certificate);
    expect(count(trust(kube).bundle)).toBe(2);
    await clock.advance(propagationMs);
    await rotate();
    expect(trust(kube).certificate).not.toBe(old.certificate);
    expect(await handshake({ ...trust(kube), bundle: trust(kube).bundle })).toBeUndefined();
    expect(await handshake({ ...old, bundle: trust(kube).bundle })).toBeUndefined();
    await clock.advance(overlapMs);
    await rotate();
    expect(count(trust(kube).bundle)).toBe(1);
  });
});

it("F3: a controller that dies before any write of a rotation leaves what the next one finishes, trusted all along", async () => {
  for (let survived = 0; survived < 8; survived += 1) {
    const { kube, rotate, clock } = rotationLab();
    await rotate();
    await requestRotation(kube, clock.now());
    let writes = 0;
    kube.intercept = ({ verb }) => {
      if (["get", "list"].includes(verb)) return;
      if ((writes += 1) === survived + 1) throw new ClouderError("unreachable", "killed");
    };
    for (let pass = 0; pass < 8; pass += 1) {
      const until = await rotate().catch(() => clock.now() + 1000);
      expect(isTrusted(trust(kube), clock.now())).toBe(true);
      await clock.advance(Math.min(until - clock.now(), overlapMs));
    }
    expect(count(trust(kube).bundle)).toBe(1);
    expect(await handshake(trust(kube))).toBeUndefined();
  }
});

it("F3: of two writers at once one is told of the conflict, and they never leave an untrusted certificate", async () => {
  const { kube, rotate, clock } = rotationLab();
  for (let round = 0; round < 6; round += 1) {
    await Promise.allSettled([rotate(), rotate()]);
    await clock.advance(propagationMs);
  }
  await rotate();
  expect(await handshake(trust(kube))).toBeUndefined();
});

it("keeps keys out of what it logs", async () => {
  const lines: string[] = [];
  const { kube, clock } = rotationLab();
  const { rotateCertificates } = await import("#webhook/certificates/rotate");
  const log = (entry: object) => lines.push(JSON.stringify(entry));
  await rotateCertificates({ kube, clock, log, settings: defaultRotation });
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.join("\n")).not.toMatch(/BEGIN|PRIVATE|MII/);
});
