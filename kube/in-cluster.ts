import { readFile } from "node:fs/promises";
import { Agent } from "node:https";
import { join } from "node:path";
import { ClouderError } from "#core/error";
import type { Transport } from "#kube/transport";

/** What a pod knows of its API server; the folder is the ServiceAccount volume. */
export interface InClusterSettings {
  readonly host: string;
  readonly port: string;
  readonly folder: string;
}

/** Tokens are renewed by the kubelet long before they end; reading again each minute is plenty. */
const tokenAgeMs = 60_000;

/** A transport by the pod's ServiceAccount, without any client library. */
export async function openInCluster(settings: InClusterSettings): Promise<Transport> {
  const read = async (name: string): Promise<string> => {
    const file = join(settings.folder, name);
    try {
      return await readFile(file, "utf8");
    } catch (error) {
      throw new ClouderError("config", `cannot read ${file}`, {
        cause: error,
        hint: "the pod needs its ServiceAccount token: automountServiceAccountToken must not be false",
      });
    }
  };
  const agent = new Agent({
    ca: await read("ca.crt"),
    keepAlive: true,
    keepAliveMsecs: 30_000,
    // Longer idle ones may just be closed by the server.
    timeout: 60_000,
  });
  const namespace = (await read("namespace")).trim();
  let token = "";
  let readAt = -Infinity;
  const host = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
  return {
    server: `https://${host}:${settings.port}`,
    context: undefined,
    namespace,
    options: async () => {
      const now = performance.now();
      if (now - readAt > tokenAgeMs) {
        token = (await read("token")).trim();
        readAt = now;
      }
      return { agent, headers: { Authorization: `Bearer ${token}` } };
    },
  };
}
