import { readFile } from "node:fs/promises";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { groupsOf, refuseUnscalable } from "#bootstrap/autoscaler/groups";
import { grpcServer, type Identity } from "#bootstrap/autoscaler/grpc";
import { createScaler } from "#bootstrap/autoscaler/scaler";
import { serviceMethods, serviceName } from "#bootstrap/autoscaler/service";
import { isLockHeld } from "#bootstrap/cluster-lock";
import { clusterFolder, findRecord } from "#bootstrap/cluster-folder";
import { addNodes } from "#bootstrap/pools/node-pools";
import type { ClusterName, LifeAround } from "#bootstrap/pools/place";
import { removeNode } from "#bootstrap/pools/remove-node";
import { providers } from "#bootstrap/providers/registry";
import { ClouderError } from "#core/error";
import { loadDriver } from "#core/registry";
import { retry } from "#core/retry";

export interface AutoscalerRequest extends ClusterName {
  readonly host: string;
  readonly port: number;
  /** PEM files: its own, and the authority of those that may call it. */
  readonly files: Readonly<Record<keyof Identity, string>>;
}

/** cluster-autoscaler has evicted the pods before; what came since is not waited for long. */
const drain = { timeoutMs: 120_000, force: true };

/**
 * Answers a cluster-autoscaler about the pools that have bounds, and makes and removes their machines
 * as it asks, until it is ended. What is under way then is broken off: the next command goes on with it.
 */
export async function serveAutoscaler(
  { home, cluster, host, port, files }: AutoscalerRequest,
  around: LifeAround,
): Promise<void> {
  const where = { home, cluster };
  const { spec, uid } = await findRecord(home, cluster);
  const provider = await loadDriver(providers, "provider", spec.provider.name);
  refuseUnscalable(spec, provider);
  const identity = await readIdentity(files);
  const scaler = createScaler({
    spec: async () => (await findRecord(home, cluster)).spec,
    machines: async () => {
      const record = await findRecord(home, cluster);
      const folder = clusterFolder(home, cluster);
      return await provider.list({ ...around, spec: record.spec, folder, uid });
    },
    add: (pool, count) => inTurn(around, () => addNodes({ ...where, pool, count }, around)),
    remove: (node) => inTurn(around, () => removeNode({ ...where, node, drain }, around)),
    report: around.report,
  });
  const server = grpcServer(serviceName, serviceMethods(scaler), identity);
  server.listen(port, host);
  await once(server, "listening");
  const pools = groupsOf(spec).map(({ name, min, max }) => `${name} ${min} to ${max}`);
  const at = (server.address() as AddressInfo).port;
  const message = `an autoscaler may call ${host}:${at}: ${pools.join(", ")}`;
  around.report({ type: "note", level: "info", message });
  await ended(around.signal);
  server.close();
  await scaler.idle();
}

/** Waits for another command that changes the cluster: half an hour, some of them take long. */
async function inTurn<T>({ clock, signal }: LifeAround, job: () => Promise<T>): Promise<T> {
  const policy = { attempts: 360, firstDelayMs: 10_000, maxDelayMs: 10_000, when: isLockHeld };
  return await retry(policy, clock, job, signal);
}

async function readIdentity(files: AutoscalerRequest["files"]): Promise<Identity> {
  const read = async (what: keyof Identity) =>
    await readFile(files[what], "utf8").catch((error: unknown) => {
      throw new ClouderError("usage", `--${what} ${files[what]} cannot be read`, {
        hint: "give a PEM file",
        cause: error,
      });
    });
  const key = await read("key");
  return { key, certificate: await read("certificate"), authority: await read("authority") };
}

async function ended(signal: AbortSignal | undefined): Promise<void> {
  if (!signal) throw new ClouderError("internal", "a server that nobody can end");
  if (!signal.aborted) await once(signal, "abort");
}
