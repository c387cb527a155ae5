import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { ClouderError, throwIfCancelled } from "#core/error";
import type { CheckpointCall, KubeletCheckpoint } from "#checkpoint/engine/kubelet";
import { kubeletError, type CheckpointTarget } from "#checkpoint/engine/kubelet-errors";

export interface KubeletSettings {
  readonly host: string;
  readonly port?: number;
  /** Read anew for each call: the kubelet renews it about every hour. */
  readonly tokenFile: string;
  /** Absent: serving certificates of the cluster's authority are not trusted. */
  readonly clusterCaFile?: string;
  /** The kubelet's own serving certificate, for kubelets that signed it themselves; absent: not trusted. */
  readonly servingCertificateFile?: string;
}

/** On top of the dump's own timeout, for the kubelet to answer. */
const graceMs = 60_000;
const largestBody = 1 << 20;

/** Calls the kubelet over HTTPS with the ServiceAccount's token, right `nodes/checkpoint: create`. */
export function httpsKubelet(settings: KubeletSettings): KubeletCheckpoint {
  return {
    checkpoint: async (namespace, pod, container, call) => {
      throwIfCancelled(call.signal);
      const target = { namespace, pod, container };
      const [token, trust] = await Promise.all([
        readToken(settings.tokenFile),
        readTrust(settings),
      ]);
      const { status, body } = await post(settings, target, call, token, trust);
      if (status !== 200) throw kubeletError(target, status, body);
      return archivePath(body);
    },
  };
}

function filesOf(settings: KubeletSettings): readonly string[] {
  const files = [settings.clusterCaFile, settings.servingCertificateFile];
  return files.filter((file) => file !== undefined);
}

interface Trust {
  readonly authorities: readonly string[];
  /** DER of the pinned certificate. */
  readonly pinned: Buffer | undefined;
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw new ClouderError("config", `cannot read the ServiceAccount token ${file}`, {
      cause: error,
      hint: "the agent's pod needs automountServiceAccountToken not to be false",
    });
  }
}

async function readTrust(settings: KubeletSettings): Promise<Trust> {
  const read = async (file: string | undefined) =>
    file === undefined ? undefined : readFile(file, "utf8").catch(() => undefined);
  const [cluster, own] = await Promise.all([
    read(settings.clusterCaFile),
    read(settings.servingCertificateFile),
  ]);
  const authorities = [cluster, own].filter((pem) => pem !== undefined);
  if (authorities.length === 0) {
    throw new ClouderError(
      "config",
      `no certificate to know the kubelet by: ${filesOf(settings).join(" and ")} cannot be read`,
      { hint: "mount the ServiceAccount volume, and /var/lib/kubelet/pki read-only" },
    );
  }
  return { authorities, pinned: own === undefined ? undefined : new X509Certificate(own).raw };
}

function post(
  settings: KubeletSettings,
  target: CheckpointTarget,
  call: CheckpointCall,
  token: string,
  trust: Trust,
): Promise<{ readonly status: number; readonly body: string }> {
  const parts = [target.namespace, target.pod, target.container].map(encodeURIComponent).join("/");
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: settings.host,
      port: settings.port ?? 10250,
      method: "POST",
      path: `/checkpoint/${parts}?timeout=${call.timeoutSeconds}`,
      agent: false,
      headers: { Authorization: `Bearer ${token}`, "Content-Length": 0 },
      ca: [...trust.authorities],
      checkServerIdentity: (host: string, certificate: PeerCertificate) =>
        // A self-signed serving certificate names the host, not the address; being the pinned one is more.
        trust.pinned?.equals(certificate.raw) ? undefined : checkServerIdentity(host, certificate),
    });
    const timer = setTimeout(
      () => {
        outgoing.destroy(
          new ClouderError(
            "timeout",
            `the kubelet did not answer within ${call.timeoutSeconds} s`,
            {
              hint: "look at the kubelet's and containerd's logs on the node",
            },
          ),
        );
      },
      call.timeoutSeconds * 1000 + graceMs,
    );
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(connectionError(settings, error));
    };
    outgoing.once("error", fail);
    outgoing.once("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= largestBody) chunks.push(chunk);
      });
      response.once("error", fail);
      response.once("end", () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
      });
    });
    outgoing.end();
  });
}

function connectionError(settings: KubeletSettings, error: NodeJS.ErrnoException): ClouderError {
  if (error instanceof ClouderError) return error;
  const where = `the kubelet at ${settings.host}:${settings.port ?? 10250}`;
  if (/CERT|SSL|TLS|ISSUER|SIGNATURE|ALTNAME/.test(error.code ?? "")) {
    return new ClouderError(
      "refused",
      `${where} shows a certificate that is not trusted: ${error.message}`,
      {
        cause: error,
        hint: `it is neither signed by the cluster's authority nor the kubelet's own as the agent knows it; approve the kubelet's serving CSR or restart the kubelet`,
      },
    );
  }
  return new ClouderError("unreachable", `no answer from ${where}: ${error.message}`, {
    cause: error,
    retryable: true,
    hint: "look whether the kubelet runs on the node and its port is open to the agent",
  });
}

function archivePath(body: string): string {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    answer = undefined;
  }
  const items = (answer as { items?: unknown } | undefined)?.items;
  const first: unknown = Array.isArray(items) ? items[0] : undefined;
  if (typeof first === "string" && Array.isArray(items) && items.length === 1) return first;
  throw new ClouderError(
    "remote-command",
    `the kubelet's answer names no archive: ${body.slice(0, 200)}`,
    {
      hint: "look at the kubelet's version and log",
    },
  );
}
