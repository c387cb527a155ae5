import { X509Certificate } from "node:crypto";
import { connect, createServer, type TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";
import {
  mutatingWebhookConfigurations,
  secrets,
  type MutatingWebhookConfiguration,
} from "#kube/resources";
import { webhookName } from "#webhook/api/names";
import { defaultRotation } from "#webhook/certificates/plan-rotation";
import { rotateCertificates } from "#webhook/certificates/rotate";
import { authorityName, servingName } from "#webhook/certificates/state";
import { createFakeKube, type FakeKube } from "#test/fakes/kube";
import { createManualClock } from "#test/fakes/manual-clock";

export const serviceHost = "clouder-webhook.clouder-system.svc";

export function configuration(caBundle?: string, webhooks = 2): MutatingWebhookConfiguration {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: webhookName },
    webhooks: Array.from({ length: webhooks }, (_, index) => ({
      name: `inject-${String(index)}.clouder.datalayer.io`,
      clientConfig: {
        service: { name: "clouder-webhook", namespace: "clouder-system" },
        ...(caBundle === undefined ? {} : { caBundle }),
      },
    })),
  };
}

/** A cluster with a webhook configuration, and rotations in it by a clock that is moved by hand. */
export function rotationLab(settings = defaultRotation) {
  const clock = createManualClock(Date.now());
  const kube = createFakeKube([configuration()]);
  return {
    clock,
    kube,
    rotate: () => rotateCertificates({ kube, clock, log: () => undefined, settings }),
  };
}

export interface Trust {
  readonly bundle: string;
  readonly certificate: string;
  readonly key: string;
}

const decoded = (text = "") => Buffer.from(text, "base64").toString("utf8");

/** What API servers trust and what replicas serve, when they are up to date. */
export function trust(kube: FakeKube): Trust {
  const found = kube.peek(mutatingWebhookConfigurations, { name: webhookName });
  const serving = kube.peek(secrets, servingName);
  return {
    bundle: decoded(found?.webhooks?.[0]?.clientConfig.caBundle),
    certificate: decoded(serving?.data?.["tls.crt"]),
    key: decoded(serving?.data?.["tls.key"]),
  };
}

export function authority(kube: FakeKube): X509Certificate | undefined {
  const text = decoded(kube.peek(secrets, authorityName)?.data?.["tls.crt"]);
  return text === "" ? undefined : new X509Certificate(text);
}

export function count(bundle: string): number {
  return bundle.split("BEGIN CERTIFICATE").length - 1;
}

/** A real handshake on loopback; undefined when it succeeds, the error's code when not. */
export async function handshake(
  { bundle, certificate, key }: Trust,
  servername = serviceHost,
): Promise<string | undefined> {
  const server = createServer({ cert: certificate, key, minVersion: "TLSv1.2" });
  server.on("tlsClientError", () => undefined);
  server.on("secureConnection", (socket: TLSSocket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve) => {
      const client = connect({ host: "127.0.0.1", port, servername, ca: bundle }, () => {
        client.destroy();
        resolve(undefined);
      });
      client.on("error", (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Verification without a socket, at any time: for clocks that run ahead of this machine's. */
export function isTrusted({ bundle, certificate }: Trust, now: number): boolean {
  const leaf = new X509Certificate(certificate);
  const alive = (one: X509Certificate) =>
    one.validFromDate.getTime() <= now && now < one.validToDate.getTime();
  const authorities = (bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map(
    (pem) => new X509Certificate(pem),
  );
  return (
    alive(leaf) &&
    leaf.checkHost(serviceHost) !== undefined &&
    authorities.some((one) => alive(one) && leaf.checkIssued(one) && leaf.verify(one.publicKey))
  );
}
