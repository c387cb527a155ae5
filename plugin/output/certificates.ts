import type { CertificateView } from "#bootstrap/certificates";
import { table, type Result } from "#plugin/output/result";

/** `cluster certificates`. */
export function certificateList(certificates: readonly CertificateView[]): Result {
  return {
    object: certificates,
    table: table(certificates, [
      { title: "NODE", value: ({ node }) => node },
      { title: "CERTIFICATE", value: ({ name }) => name },
      { title: "DAYS LEFT", value: ({ daysLeft }) => daysLeft },
      { title: "EXPIRES", wide: true, value: ({ expires }) => expires },
      { title: "AUTHORITY", wide: true, value: ({ authority }) => (authority ? "yes" : "no") },
    ]),
  };
}
