import { createPrivateKey, X509Certificate } from "node:crypto";
import { systemNamespace } from "#checkpoint/api/names";
import { webhookName } from "#webhook/api/names";

/** Names by which the API server calls the webhook; it asks for the first. */
export const servingNames: readonly string[] = [
  `${webhookName}.${systemNamespace}.svc`,
  `${webhookName}.${systemNamespace}.svc.cluster.local`,
];

/** Certificates begin a little in the past: clocks of nodes differ. */
export const backdatedMs = 10 * 60_000;

/** What decisions about a certificate need; times in milliseconds. */
export interface CertificateFacts {
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface ServingFacts extends CertificateFacts {
  /** Fingerprint of the authority that signed it; absent when none of the known ones did. */
  readonly issuer?: string;
  /** It has all names, and the key beside it is its own. */
  readonly fits: boolean;
}

/** A certificate as text, with its facts. */
export interface KnownCertificate extends CertificateFacts {
  readonly pem: string;
}

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a bundle; what is none is left out. */
export function readBundle(text: string): readonly KnownCertificate[] {
  const known = new Map<string, KnownCertificate>();
  for (const [pem] of text.matchAll(block)) {
    const certificate = parse(pem);
    if (certificate) known.set(certificate.fingerprint256, { ...factsOf(certificate), pem });
  }
  return [...known.values()];
}

export function writeBundle(certificates: readonly { readonly pem: string }[]): string {
  return certificates.map(({ pem }) => `${pem.trim()}\n`).join("");
}

/** An authority that can sign: undefined when certificate and key are not a pair, or it is no CA. */
export function readAuthority(pem: string, key: string): KnownCertificate | undefined {
  const certificate = parse(pem);
  return certificate?.ca && hasKey(certificate, key) ? { ...factsOf(certificate), pem } : undefined;
}

/** Undefined when there is no certificate at all. */
export function readServing(
  pem: string,
  key: string,
  authorities: readonly KnownCertificate[],
): ServingFacts | undefined {
  const certificate = parse(pem);
  if (!certificate) return undefined;
  const issuer = authorities.find((one) => isSignedBy(certificate, one));
  const named = servingNames.every((name) => certificate.checkHost(name) !== undefined);
  return {
    ...factsOf(certificate),
    fits: named && hasKey(certificate, key),
    ...(issuer ? { issuer: issuer.fingerprint } : {}),
  };
}

function isSignedBy(certificate: X509Certificate, authority: KnownCertificate): boolean {
  const issuer = parse(authority.pem);
  return issuer !== undefined && certificate.checkIssued(issuer) && verifies(certificate, issuer);
}

function verifies(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function hasKey(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    fingerprint: certificate.fingerprint256,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  };
}
