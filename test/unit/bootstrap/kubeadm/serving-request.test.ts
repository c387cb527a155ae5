import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseCertificateRequest } from "#bootstrap/kubeadm/certificate-request";
import { checkServingRequest, type SigningRequest } from "#bootstrap/kubeadm/serving-request";
import type { Machine } from "#bootstrap/providers/provider";

const folder = mkdtempSync(join(tmpdir(), "clouder-csr-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A real request, made by OpenSSL. */
function pem(subject: string, names?: string): string {
  return execFileSync("openssl", [
    ...["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", join(folder, "key"), "-subj", subject],
    ...(names === undefined ? [] : ["-addext", `subjectAltName=${names}`]),
  ]).toString();
}

const machine: Machine = {
  ...{ name: "lab-node-1", role: "worker", pool: "workers" },
  privateAddress: "10.0.0.5",
  reach: { access: "local" },
};
const subject = "/O=system:nodes/CN=system:node:lab-node-1";
const names = "DNS:lab-node-1,IP:10.0.0.5";

function request(text: string, changes: Partial<SigningRequest["spec"]> = {}): SigningRequest {
  return {
    metadata: { name: "csr-1" },
    spec: {
      signerName: "kubernetes.io/kubelet-serving",
      username: "system:node:lab-node-1",
      groups: ["system:nodes", "system:authenticated"],
      usages: ["digital signature", "server auth"],
      request: Buffer.from(text).toString("base64"),
      ...changes,
    },
  };
}

const check = (one: SigningRequest) => checkServingRequest(one, [machine]);

describe("reading a certificate request", () => {
  test("gives subject and all names", () => {
    const text = pem(subject, `${names},IP:fd00::1,URI:spiffe://x`);
    expect(parseCertificateRequest(text)).toEqual({
      commonName: "system:node:lab-node-1",
      organizations: ["system:nodes"],
      dnsNames: ["lab-node-1"],
      addresses: ["10.0.0.5", "fd00:0:0:0:0:0:0:1"],
      otherNames: 1,
    });
  });

  test("gives none where there are none", () => {
    expect(parseCertificateRequest(pem(subject))).toMatchObject({ dnsNames: [], addresses: [] });
  });

  test("gives nothing for text that is no request, whole or cut", () => {
    expect(parseCertificateRequest("hello")).toBeUndefined();
    const text = pem(subject, names);
    const cut = text
      .split("\n")
      .filter((_, line) => line !== 2)
      .join("\n");
    expect(parseCertificateRequest(cut)).toBeUndefined();
  });
});

describe("approving a kubelet's serving certificate", () => {
  test("happens when a node asks for exactly itself", () => {
    expect(check(request(pem(subject, names)))).toBeUndefined();
  });

  test("F6 happens for the names that its cloud tells, and for no other machine's", () => {
    const cloudNames = ["ip-10-0-0-5.ec2.internal", "ec2-198-51-100-5.example"];
    const asked = request(pem(subject, [names, ...cloudNames.map((one) => `DNS:${one}`)].join()));
    expect(checkServingRequest(asked, [{ ...machine, cloudNames }])).toBeUndefined();
    expect(check(asked)).toBe("it names ip-10-0-0-5.ec2.internal");
  });

  test.each([
    ["another node's name", pem(subject, "DNS:lab-master,IP:10.0.0.5"), "lab-master"],
    ["another address", pem(subject, "DNS:lab-node-1,IP:10.0.0.4"), "10.0.0.4"],
    ["a name of another kind", pem(subject, `${names},URI:spiffe://x`), "other kinds"],
    ["no name", pem(subject), "names nothing"],
    ["another subject", pem("/O=system:nodes/CN=system:node:lab-master", names), "subject"],
    [
      "more rights",
      pem("/O=system:nodes/O=system:masters/CN=system:node:lab-node-1", names),
      "organization",
    ],
    ["nonsense", "nonsense", "cannot be read"],
  ])("is refused for %s", (_what, text, reason) => {
    expect(check(request(text))).toContain(reason);
  });

  test.each<[string, Partial<SigningRequest["spec"]>]>([
    ["a user who is no node", { username: "jane" }],
    ["a node that is not of this cluster", { username: "system:node:other" }],
    ["one outside of the group of nodes", { groups: ["system:authenticated"] }],
    ["client usage", { usages: ["server auth", "client auth"] }],
    ["no server usage", { usages: ["digital signature"] }],
  ])("is refused for %s", (_what, changes) => {
    expect(check(request(pem(subject, names), changes))).toBeDefined();
  });
});
