import {
  parseCertificateRequest,
  type CertificateRequest,
} from "#bootstrap/kubeadm/certificate-request";
import type { Machine } from "#bootstrap/providers/provider";

/** The part of a CertificateSigningRequest that decides. */
export interface SigningRequest {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly signerName: string;
    readonly username: string;
    readonly groups?: readonly string[];
    readonly usages?: readonly string[];
    /** Base64 of the PEM. */
    readonly request: string;
  };
  readonly status?: { readonly conditions?: readonly object[] };
}

/** Undefined when a node asks for itself and nothing else; otherwise what is wrong. */
export function checkServingRequest(
  { spec }: SigningRequest,
  machines: readonly Machine[],
): string | undefined {
  const name = /^system:node:(.+)$/.exec(spec.username)?.[1];
  const machine = machines.find((one) => one.name === name);
  if (!machine || !spec.groups?.includes("system:nodes"))
    return "it was not made by a node of ours";
  const usages = new Set(spec.usages);
  for (const usage of ["digital signature", "key encipherment"]) usages.delete(usage);
  if (!usages.delete("server auth") || usages.size > 0) return "it asks for other usages";
  const asked = parseCertificateRequest(Buffer.from(spec.request, "base64").toString());
  return asked ? checkIdentity(asked, machine, spec.username) : "it cannot be read";
}

function checkIdentity(
  asked: CertificateRequest,
  machine: Machine,
  username: string,
): string | undefined {
  if (asked.commonName !== username) return `its subject is ${asked.commonName ?? "empty"}`;
  if (asked.organizations.join() !== "system:nodes") return "its organization is not system:nodes";
  const { name, privateAddress, publicAddress, cloudNames = [] } = machine;
  const own = new Set([name, privateAddress, publicAddress, ...cloudNames]);
  const names = [...asked.dnsNames, ...asked.addresses];
  const strange = names.find((one) => !own.has(one));
  if (strange !== undefined) return `it names ${strange}`;
  if (asked.otherNames > 0) return "it has names of other kinds";
  return names.length === 0 ? "it names nothing" : undefined;
}
