import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#core/clock";
import type { CertificatePair, CertificateSource } from "#webhook/server/certificate";

/** Reading two small files is cheaper than trusting a watch of a mount that is swapped as a whole. */
const pauseMs = 5_000;

/** A folder with `tls.crt` and `tls.key`, such as a mounted Secret of cert-manager. */
export function certificateFolder(
  folder: string,
  clock: Clock,
  everyMs = pauseMs,
): CertificateSource {
  return {
    name: folder,
    follow: async function* (signal, trouble) {
      let last: CertificatePair | undefined;
      let told = "";
      while (!signal.aborted) {
        try {
          const pair = await readPair(folder);
          if (pair.certificate !== last?.certificate || pair.key !== last.key) yield pair;
          last = pair;
          told = "";
        } catch (error) {
          const text = String(error);
          if (text !== told) trouble(error);
          told = text;
        }
        await clock.sleep(everyMs, signal).catch(() => undefined);
      }
    },
  };
}

async function readPair(folder: string): Promise<CertificatePair> {
  // One after the other, so that a folder without both always gives the same error.
  const certificate = await readFile(join(folder, "tls.crt"), "utf8");
  return { certificate, key: await readFile(join(folder, "tls.key"), "utf8") };
}
