import { X509Certificate, createPrivateKey } from "node:crypto";
import { ClouderError, messageOf } from "#core/error";

/** A serving certificate with its chain and key, PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Port to wherever the serving certificate is kept. Law: `follow` gives the pair that is there, waiting
 * for the first one, then each that differs from the one before, until the signal aborts; then
 * it ends without an error. A source that cannot be read for a while is asked again; `trouble` is told.
 */
export interface CertificateSource {
  /** For the log and status; where it comes from. */
  readonly name: string;
  follow(signal: AbortSignal, trouble: (error: unknown) => void): AsyncIterable<CertificatePair>;
}

/** What is told about the certificate in use. */
export interface CertificateFacts {
  readonly notBefore: number;
  readonly notAfter: number;
  readonly serialNumber: string;
  readonly names: readonly string[];
  readonly fingerprint: string;
}

/** Reads and checks a pair; `integrity` when the key is another one's or either cannot be read. */
export function inspectPair({ certificate, key }: CertificatePair): CertificateFacts {
  let read: X509Certificate;
  let matches: boolean;
  try {
    read = new X509Certificate(certificate);
    matches = read.checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw unusable(messageOf(error));
  }
  if (!matches) throw unusable("the key does not belong to the certificate");
  const names = [...(read.subjectAltName ?? "").matchAll(/DNS:([^,\s]+)/g)].map(
    ([, name = ""]) => name,
  );
  if (names.length === 0) {
    throw unusable("the certificate names no DNS name; the API server ignores its common name");
  }
  return {
    notBefore: Date.parse(read.validFrom),
    notAfter: Date.parse(read.validTo),
    serialNumber: read.serialNumber,
    names,
    fingerprint: read.fingerprint256,
  };
}

function unusable(reason: string): ClouderError {
  return new ClouderError("integrity", `the serving certificate cannot be used: ${reason}`, {
    hint: "kubectl clouder webhook certificate rotate makes a new one",
  });
}
