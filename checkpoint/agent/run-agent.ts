import { mkdir } from "node:fs/promises";
import type { Clock } from "#core/clock";
import { ClouderError } from "#core/error";
import { createRedactor } from "#core/redact";
import { retry } from "#core/retry";
import type { Kube } from "#kube/kube";
import { unpackContainerArchive } from "#checkpoint/archive/unpack-container";
import { writeContainerArchive } from "#checkpoint/archive/write-container";
import type { NodeFacts } from "#checkpoint/api/types";
import { compatibilityOf } from "#checkpoint/compatibility/rule";
import type { CheckpointEnvironment } from "#checkpoint/engine/checkpoint-pod";
import { fileJournal } from "#checkpoint/engine/journal";
import { serialKubelet, type KubeletCheckpoint } from "#checkpoint/engine/kubelet";
import { diagnoseCriuLog } from "#checkpoint/handler/criu-log";
import type { Store, StoreSettings } from "#checkpoint/stores/store";
import type { Agent } from "#checkpoint/agent/agent";
import { createGate } from "#checkpoint/agent/gate";
import type { Log } from "#checkpoint/agent/log";
import { thenCollected } from "#checkpoint/agent/memory";
import { openNamedStore } from "#checkpoint/agent/open-store";
import { publishFacts } from "#checkpoint/agent/publish-facts";
import { watchCheckpoints } from "#checkpoint/agent/watch-checkpoints";
import { watchRestores } from "#checkpoint/agent/watch-restores";
import { watchStores } from "#checkpoint/agent/watch-stores";

export interface AgentSettings {
  readonly kube: Kube;
  readonly kubelet: KubeletCheckpoint;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeName: string;
  readonly systemNamespace: string;
  readonly openStore: (settings: StoreSettings) => Promise<Store>;
  readonly facts: () => Promise<NodeFacts>;
  readonly folders: {
    readonly archives: { readonly onNode: string; readonly here: string };
    readonly spool: string;
    readonly calls: string;
    readonly restores: string;
    readonly cgroups: string;
  };
  /** For how long an upload is tried again while its store does not answer. */
  readonly storePatienceMs?: number;
  readonly onReady?: () => void;
  /** Aborted when the agent is to end: work under way is left to the next one. */
  readonly stopping: AbortSignal;
}

const callTimeoutSeconds = 3_600;
const tenMinutesMs = 600_000;
const stagedForMs = 1_800_000;
const patience = { attempts: 6, firstDelayMs: 500, maxDelayMs: 10_000 };

/** Does a node's checkpoints and restores until `stopping` is aborted. */
export async function runAgent(settings: AgentSettings): Promise<void> {
  const { folders } = settings;
  for (const folder of [folders.spool, folders.calls, folders.restores]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  const agent = createAgent(settings);
  settings.onReady?.();
  await Promise.all([
    watchCheckpoints(agent),
    watchRestores(agent),
    watchStores(agent),
    publishFacts(agent, settings.facts, settings.systemNamespace),
  ]);
}

function createAgent(settings: AgentSettings): Agent {
  const { kube, clock, folders, stopping } = settings;
  const access = { ...settings, redactor: createRedactor() };
  const log: Log = (level, message, fields) => {
    const redact = (text: string) => access.redactor.redact(text);
    settings.log(level, redact(message), redactFields(fields, redact));
  };
  const checkpointing: CheckpointEnvironment = {
    kubelet: serialKubelet(settings.kubelet),
    journal: fileJournal(folders.calls),
    clock,
    folders,
    callTimeoutSeconds,
    storePatienceMs: settings.storePatienceMs ?? tenMinutesMs,
    uploadGate: createGate(1),
    writeArchive: thenCollected(writeContainerArchive),
    compatibility: async () => compatibilityOf(await settings.facts()),
    readCriuLog: diagnoseCriuLog,
  };
  return {
    kube,
    clock,
    log,
    nodeName: settings.nodeName,
    openStore: (name) => retry(patience, clock, () => openNamedStore(access, name), stopping),
    checkpointing,
    staging: {
      clock,
      restores: folders.restores,
      validMs: stagedForMs,
      facts: settings.facts,
      unpackArchive: thenCollected(unpackContainerArchive),
    },
    cgroups: folders.cgroups,
    stopping,
  };
}

type Fields = Parameters<Log>[2];

function redactFields(fields: Fields, redact: (text: string) => string): Fields {
  return (
    fields &&
    Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [
        key,
        typeof value === "string" ? redact(value) : value,
      ]),
    )
  );
}

/** The value of a variable that the DaemonSet sets. */
export function required(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): string {
  const value = environment[name];
  if (value) return value;
  throw new ClouderError("config", `the environment variable ${name} is not set`, {
    hint: "the agent runs in the DaemonSet that kubectl clouder install makes",
  });
}
