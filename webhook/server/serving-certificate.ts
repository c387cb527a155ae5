import { messageOf } from "#core/error";
import type { LogEntry } from "#core/log";
import {
  inspectPair,
  type CertificateFacts,
  type CertificatePair,
  type CertificateSource,
} from "#webhook/server/certificate";

/** The certificate in use, kept up to date. */
export interface ServingCertificate {
  readonly pair: CertificatePair;
  readonly facts: () => CertificateFacts;
  /** From now on told of each newer pair that can be used. */
  onSwap(swap: (pair: CertificatePair) => void): void;
}

/**
 * Resolves with the first pair that can be used, then follows the source until the signal aborts. A pair
 * that cannot be used is reported and left alone: the one before serves on.
 */
export function followCertificate(context: {
  readonly source: CertificateSource;
  readonly signal: AbortSignal;
  readonly log: (entry: LogEntry) => void;
  readonly trouble: (message: string) => void;
}): Promise<ServingCertificate> {
  const { source, signal, log } = context;
  let facts: CertificateFacts | undefined;
  let swap: (pair: CertificatePair) => void = () => undefined;
  const trouble = (error: unknown) => {
    context.trouble(`${source.name}: ${messageOf(error)}`);
  };
  return new Promise((resolve, reject) => {
    const use = (pair: CertificatePair) => {
      const next = inspectPair(pair);
      const first = facts === undefined;
      if (!first) swap(pair);
      facts = next;
      log({
        level: "info",
        message: first ? "serving certificate read" : "serving certificate swapped",
        source: source.name,
        serialNumber: next.serialNumber,
        notAfter: new Date(next.notAfter).toISOString(),
      });
      if (!first) return;
      resolve({
        pair,
        facts: () => facts ?? next,
        onSwap: (told) => {
          swap = told;
        },
      });
    };
    const followed = async () => {
      for await (const pair of source.follow(signal, trouble)) {
        try {
          use(pair);
        } catch (error) {
          trouble(error);
        }
      }
    };
    followed().then(() => {
      reject(signal.reason as Error);
    }, reject);
  });
}
