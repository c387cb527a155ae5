import { createHash, randomInt, X509Certificate } from "node:crypto";

const letters = "0123456789abcdefghijklmnopqrstuvwxyz";

/** A fresh bootstrap token in kubeadm's form. */
export function newToken(): string {
  const part = (length: number) =>
    Array.from({ length }, () => letters[randomInt(letters.length)]).join("");
  return `${part(6)}.${part(16)}`;
}

/** The Secret that makes a token valid for joining, as `kubeadm token create` writes it. */
export function tokenSecret(token: string, expires: Date): object {
  const [id = "", secret = ""] = token.split(".");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
    type: "bootstrap.kubernetes.io/token",
    stringData: {
      description: "kubectl-clouder: nodes that join now",
      "token-id": id,
      "token-secret": secret,
      expiration: expires.toISOString().replace(/\.\d+Z$/, "Z"),
      "usage-bootstrap-authentication": "true",
      "usage-bootstrap-signing": "true",
      "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    },
  };
}

/** kubeadm's pin of the cluster's CA: SHA-256 of its public key. */
export function caCertHash(pem: string): string {
  const key = new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(key).digest("hex")}`;
}
